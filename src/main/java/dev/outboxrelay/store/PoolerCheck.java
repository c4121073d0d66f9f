// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;

/**
 * Finds a connection pooler between this program and the server. When a session starts, the server
 * tells the client its process number; a pooler tells one of its own making. So if the process that
 * answers a query is another than the one that was announced, something stands between.
 *
 * <p>Two connections that ask in turn then tell how it pools: in session mode each keeps a process
 * of its own; where a process belongs to a connection for a transaction only, the two are answered
 * by the same one, or one of them by several.
 */
public final class PoolerCheck {
  /** A pooler that has several idle processes may go round them. */
  private static final int TURNS = 5;

  private PoolerCheck() {}

  /** What stands between. */
  public enum Kind {
    /** Nothing. */
    NONE,
    /** A pooler that leaves each connection a session of its own: all works. */
    SESSION,
    /** A pooler that takes the session away after each transaction or statement. */
    TRANSACTION
  }

  /**
   * Connects and looks.
   *
   * @param login where, and as whom
   */
  public static Kind look(Login login) throws SQLException {
    try (Connection first = login.open()) {
      int process = process(first);
      if (process == first.unwrap(PGConnection.class).getBackendPID()) {
        return Kind.NONE;
      }
      try (Connection second = login.open()) {
        int other = process(second);
        for (int turn = 0; turn < TURNS; turn++) {
          if (process(first) != process || process(second) != other || process == other) {
            return Kind.TRANSACTION;
          }
        }
        return Kind.SESSION;
      }
    }
  }

  private static int process(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("select pg_backend_pid()")) {
      result.next();
      return result.getInt(1);
    }
  }
}
