// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.store.Trouble;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Tells by SQLSTATE what the user must mend from what will pass. What is not known to need a person
 * is waited for.
 */
final class DatabaseProblem {
  private static final String INSUFFICIENT_PRIVILEGE = "42501";
  private static final String NO_SUCH_DATABASE = "3D000";
  private static final String DATA_CLASS = "22";
  private static final String NAME_OR_RIGHT_CLASS = "42";

  private DatabaseProblem() {}

  /**
   * What came of a login, before the first that succeeded.
   *
   * @return what to tell the user, empty when waiting may mend it
   */
  static Optional<UserError> ofFirstLogin(SQLException problem, DatabaseAccess access) {
    String state = Trouble.state(problem);
    if (Trouble.isRefusedLogin(problem)) {
      return refused(
          problem,
          access,
          "check --database-user and --database-password(-file), the server's pg_hba.conf, and"
              + " sslmode in --database-url");
    }
    if (state.equals(NO_SUCH_DATABASE)) {
      return refused(problem, access, "create it, or name another with --database-url");
    }
    if (state.equals(INSUFFICIENT_PRIVILEGE)) {
      return refused(problem, access, "grant connect on the database to \"" + access.user() + "\"");
    }
    // A parameter that driver or server cannot read.
    return state.startsWith(DATA_CLASS) || state.startsWith(NAME_OR_RIGHT_CLASS)
        ? refused(problem, access, "check the parameters in --database-url")
        : Optional.empty();
  }

  /** What came of a statement that looks at the schema; as {@link #ofFirstLogin}. */
  static Optional<UserError> ofLook(SQLException problem, DatabaseAccess access) {
    return Trouble.state(problem).equals(INSUFFICIENT_PRIVILEGE)
        ? refused(
            problem,
            access,
            "grant outbox_relay to \""
                + access.user()
                + "\" to run the relay; only the database's owner or a superuser can migrate")
        : Optional.empty();
  }

  /**
   * What came of a migration; as {@link #ofFirstLogin}. A script that fails would fail again,
   * unless what it met lies outside of it: connection trouble (08), a deadlock (40), out of
   * resources (53), a lock (55), an operator's intervention (57), I/O (58), a server that takes no
   * writes.
   */
  static Optional<UserError> ofMigration(SQLException problem, DatabaseAccess access) {
    String state = Trouble.state(problem);
    if (state.equals(INSUFFICIENT_PRIVILEGE)) {
      return ofLook(problem, access);
    }
    boolean passes =
        state.length() < 2
            || switch (state.substring(0, 2)) {
              case "08", "28", "40", "53", "55", "57", "58" -> true;
              default -> Trouble.isReadOnly(problem);
            };
    return passes ? Optional.empty() : refused(problem, access, "see the server's log");
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
                + words(problem)
                + "; "
                + remedy));
  }

  /** What went wrong, with the code by which the server's documentation knows it. */
  static String words(SQLException problem) {
    String state = Trouble.state(problem);
    String words = Trouble.words(problem);
    return state.isEmpty() ? words : words + " (SQLSTATE " + state + ")";
  }
}
