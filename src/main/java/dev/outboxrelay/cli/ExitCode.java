package dev.outboxrelay.cli;

/** How the process ends; {@code docs/operations.md} lists the same numbers. */
final class ExitCode {
  static final int OK = 0;

  /** The command ran and found something wrong: {@code demo} misses a message. */
  static final int FINDINGS = 1;

  /** A flag or an environment variable is missing, unknown, nonsense, or contradicts another. */
  static final int USAGE = 2;

  /** The database refuses: wrong credentials, no such database, missing rights. */
  static final int REFUSED = 3;

  /** The schema {@code outbox} is not there. */
  static final int SCHEMA_MISSING = 4;

  /** The schema is older than this program. */
  static final int SCHEMA_OLDER = 5;

  /** The schema is newer than this program. */
  static final int SCHEMA_NEWER = 6;

  /** The database cannot be reached, and the command does not wait any longer. */
  static final int UNREACHABLE = 7;

  /** A bug: the log holds a stack trace. */
  static final int INTERNAL = 70;

  private ExitCode() {}
}
