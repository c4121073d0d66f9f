// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

/** The receiver did not do what it should; the message says what was seen. */
final class CheckFailed extends Exception {
  private static final long serialVersionUID = 1L;

  CheckFailed(String message) {
    super(message);
  }
}
