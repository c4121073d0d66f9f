// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

/** The file of tokens cannot be used; the message holds no secret. */
public final class UnfitTokens extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnfitTokens(String message, Throwable cause) {
    super(message, cause);
  }
}
