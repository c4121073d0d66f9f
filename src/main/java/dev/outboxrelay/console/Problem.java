// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

/** Why something cannot be done, for the person who asked for it. */
final class Problem extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String remedy;

  /**
   * @param status of HTTP
   * @param message what is wrong, with the value
   * @param remedy what to do
   */
  Problem(int status, String message, String remedy) {
    super(message, null, false, false);
    this.status = status;
    this.remedy = remedy;
  }

  int status() {
    return status;
  }

  String words() {
    return String.valueOf(getMessage());
  }

  String remedy() {
    return remedy;
  }
}
