// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

/**
 * Something that the user can mend. Becomes one line on standard error, without a stack trace, and
 * an exit code.
 */
final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  /**
   * @param exitCode one of {@link ExitCode}
   * @param message what is wrong, with the value, and the remedy; holds no secret
   */
  UserError(int exitCode, String message) {
    super(message, null, false, false);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }
}
