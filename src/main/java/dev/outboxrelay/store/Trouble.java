// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.io.IOException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Tells by SQLSTATE what kind of trouble the database makes, and says in words what it is. */
public final class Trouble {
  static final String INVALID_AUTHORIZATION = "28000";
  static final String READ_ONLY = "25006";
  static final String CONNECTION_FAILURE = "08006";

  private static final String AUTHORIZATION_CLASS = "28";

  /** The driver's own: server and driver do not agree, on a password that is empty or on TLS. */
  private static final String REJECTED_BY_DRIVER = "08004";

  private static final String SCHEMA_NAME_CLASS = "3F";
  private static final String NAME_OR_RIGHT_CLASS = "42";
  private static final int MAX_CAUSES = 10;

  private Trouble() {}

  /** Whether user, password or the server's rules for logins are what keeps us out. */
  public static boolean isRefusedLogin(SQLException problem) {
    String state = state(problem);
    return state.startsWith(AUTHORIZATION_CLASS) || state.equals(REJECTED_BY_DRIVER);
  }

  /** Whether the server takes no writes. */
  public static boolean isReadOnly(SQLException problem) {
    return state(problem).equals(READ_ONLY);
  }

  /**
   * Whether the schema may be another than it was: what a statement names is not there, or may not
   * be used. The relay's own statements never fail so while the schema is as it should be.
   */
  public static boolean doubtsSchema(SQLException problem) {
    String state = state(problem);
    return state.startsWith(NAME_OR_RIGHT_CLASS) || state.startsWith(SCHEMA_NAME_CLASS);
  }

  /** The SQLSTATE, empty where there is none. */
  public static String state(SQLException problem) {
    return problem.getSQLState() == null ? "" : problem.getSQLState();
  }

  /** In one line what went wrong: what the driver says, and what it leaves out of that. */
  public static String words(Throwable problem) {
    String message = problem.getMessage();
    String said =
        message == null
            ? problem.getClass().getSimpleName()
            : message.lines().findFirst().orElse("").strip();
    String unsaid = problem instanceof SQLException ? ioFailure(problem) : null;
    return unsaid == null || said.contains(unsaid)
        ? said
        : said.replaceFirst("\\.$", "") + ": " + unsaid;
  }

  /** The SQLException among an exception's causes, null when there is none. */
  public static @Nullable SQLException sqlCause(Throwable problem) {
    Throwable cause = problem;
    for (int n = 0; n < MAX_CAUSES && cause != null; n++, cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return sql;
      }
    }
    return null;
  }

  private static @Nullable String ioFailure(Throwable problem) {
    Throwable cause = problem.getCause();
    for (int n = 0; n < MAX_CAUSES && cause != null; n++, cause = cause.getCause()) {
      if (cause instanceof UnknownHostException) {
        return "the host name " + cause.getMessage() + " cannot be resolved";
      }
      if (cause instanceof IOException && cause.getMessage() != null) {
        // The driver words a refused connection itself, and better.
        return cause.getMessage().equals("Connection refused") ? null : cause.getMessage();
      }
    }
    return null;
  }
}
