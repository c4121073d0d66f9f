// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

/**
 * How the process ends; {@code docs/reference/exit-codes.md} lists the same numbers. None of them
 * is one that the Java runtime ends with by itself: 1 (it could not start, or the main thread
 * died), 3 (memory gone, with {@code -XX:+ExitOnOutOfMemoryError}), and 128 with a signal's number.
 * Whoever watches the process must tell these from what we say, since starting again helps there.
 */
final class ExitCode {
  static final int OK = 0;

  /** A flag or an environment variable is missing, unknown, nonsense, or contradicts another. */
  static final int USAGE = 2;

  /** The schema {@code outbox} is not there. */
  static final int SCHEMA_MISSING = 4;

  /** The schema is older than this program. */
  static final int SCHEMA_OLDER = 5;

  /** The schema is newer than this program. */
  static final int SCHEMA_NEWER = 6;

  /** The database cannot be reached, and the command does not wait any longer. */
  static final int UNREACHABLE = 7;

  /** The database refuses: wrong credentials, no such database, missing rights. */
  static final int REFUSED = 8;

  /** The command ran and found something wrong: {@code demo} misses a message. */
  static final int FINDINGS = 9;

  /** A schema {@code outbox} is there, and somebody else's. */
  static final int SCHEMA_FOREIGN = 10;

  /** A bug: the log holds a stack trace. */
  static final int INTERNAL = 70;

  /** Memory is gone; starting again helps. */
  static final int OUT_OF_MEMORY = 71;

  /** Only a new start can help, and will: what is copied at the start is out of date. */
  static final int START_AGAIN = 75;

  private ExitCode() {}
}
