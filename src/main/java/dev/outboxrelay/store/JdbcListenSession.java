// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * {@link ListenSession} over JDBC.
 *
 * <p>INVARIANT: nothing but {@link #await} reads from it once it listens. While the driver waits
 * for the answer to a statement it keeps whatever is notified.
 */
final class JdbcListenSession implements ListenSession {
  private static final int MAX_CAUSES = 10;
  private static final String SELF_TEST = "outbox_self_test_";

  private final Connection connection;
  private final PGConnection notifications;
  private final String selfTest;

  private JdbcListenSession(Connection connection, PGConnection notifications, String selfTest) {
    this.connection = connection;
    this.notifications = notifications;
    this.selfTest = selfTest;
  }

  static JdbcListenSession open(Connection connection) throws SQLException {
    PGConnection notifications = connection.unwrap(PGConnection.class);
    // A pooler announces a number of its own making, which may be negative: no part of a name.
    String selfTest = SELF_TEST + Integer.toUnsignedString(notifications.getBackendPID());
    try (Statement s = connection.createStatement()) {
      // It never says anything again, so it must not be ended for its silence.
      s.execute(
          "set idle_session_timeout = 0; listen outbox; listen outbox_control; listen " + selfTest);
    } catch (SQLException e) {
      throw isFlood(e) ? new Flooded(e) : e;
    }
    return new JdbcListenSession(connection, notifications, selfTest);
  }

  @Override
  public List<Heard> await(int timeoutMillis) throws SQLException {
    PGNotification[] came;
    try {
      came =
          notifications.getNotifications(
              Math.max(PromptSocketFactory.LOOK_MILLIS + 1, timeoutMillis));
    } catch (SQLException e) {
      throw isFlood(e) ? new Flooded(e) : e;
    }
    if (came == null || came.length == 0) {
      return List.of();
    }
    List<Heard> heard = new ArrayList<>(came.length);
    for (PGNotification n : came) {
      Kind kind =
          switch (n.getName()) {
            case "outbox" -> Kind.BELL;
            case "outbox_control" -> Kind.CONTROL;
            default -> Kind.SELF_TEST;
          };
      heard.add(new Heard(kind, n.getParameter()));
    }
    return heard;
  }

  /** TLS may stand between the driver and the socket. */
  private static boolean isFlood(SQLException problem) {
    Throwable cause = problem;
    for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++) {
      if (cause instanceof PromptSocketFactory.Flood) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  @Override
  public String selfTestChannel() {
    return selfTest;
  }

  @Override
  public void abort() {
    Sessions.abort(connection);
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
