package dev.outboxrelay.cli;

import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tells by SQLSTATE what the user can mend from what will pass. */
final class DatabaseProblem {
  private static final String INSUFFICIENT_PRIVILEGE = "42501";
  private static final String NO_SUCH_DATABASE = "3D000";
  private static final String AUTHORIZATION_CLASS = "28";

  /** The driver's own: server and driver do not agree, mostly on a password or on TLS. */
  private static final String REJECTED_BY_DRIVER = "08004";

  private DatabaseProblem() {}

  /**
   * @return what to tell the user, empty when the database is only not there yet
   */
  static Optional<UserError> asUserError(SQLException problem, DatabaseAccess access) {
    String state = problem.getSQLState() == null ? "" : problem.getSQLState();
    if (state.equals(REJECTED_BY_DRIVER)) {
      return refused(
          problem, access, "check --database-password(-file), and sslmode in --database-url");
    }
    if (state.startsWith(AUTHORIZATION_CLASS)) {
      return refused(
          problem,
          access,
          "check --database-user and --database-password(-file), and the server's pg_hba.conf");
    }
    if (state.equals(NO_SUCH_DATABASE)) {
      return refused(problem, access, "create it, or name another with --database-url");
    }
    if (state.equals(INSUFFICIENT_PRIVILEGE)) {
      return refused(
          problem,
          access,
          "grant outbox_relay to \""
              + access.user()
              + "\" to run the relay; only the database's owner or a superuser can migrate");
    }
    return isPassing(state) ? Optional.empty() : refused(problem, access, "see the server's log");
  }

  /** Connection trouble (08), out of resources (53), an operator's intervention (57), I/O (58). */
  private static boolean isPassing(String state) {
    return state.startsWith("08")
        || state.startsWith("53")
        || state.startsWith("57")
        || state.startsWith("58")
        || state.isEmpty();
  }

  private static Optional<UserError> refused(
      SQLException problem, DatabaseAccess access, String remedy) {
    return Optional.of(
        new UserError(
            ExitCode.REFUSED,
            "database "
                + access.location()
                + " refuses user \""
                + access.user()
                + "\": "
                + shortText(problem)
                + " (SQLSTATE "
                + problem.getSQLState()
                + "); "
                + remedy));
  }

  /** The first line of what the driver or the server says. */
  static String shortText(Throwable problem) {
    String message = problem.getMessage();
    if (message == null) {
      return problem.getClass().getSimpleName();
    }
    return message.lines().findFirst().orElse("").strip();
  }

  /** The SQLException among an exception's causes, null when there is none. */
  static @Nullable SQLException sqlCause(Throwable problem) {
    for (Throwable t = problem; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql) {
        return sql;
      }
    }
    return null;
  }
}
