// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A session that looks at what is owed, for whoever watches. Of all relays that look, one is told:
 * the holder of a lock of its own.
 */
public final class ObserverSession implements AutoCloseable {
  /** Beside the classes of outbox.relay_locks. */
  private static final int OBSERVER = 7021004;

  /** A look that takes longer is given up. */
  private static final String PREPARE = "set statement_timeout = '10s'; set lock_timeout = '1s'";

  /** A session may take its own lock again, so it is asked for once. */
  private static final String LEAD = "select pg_try_advisory_lock(" + OBSERVER + ", 0)";

  private static final String LOOK =
      "select o.name, d.paused, d.paused and coalesce(s.last_error like 'paused, %', false),"
          + " o.messages, o.bytes,"
          + " coalesce(greatest(0, extract(epoch from clock_timestamp() - o.oldest)), 0),"
          + " o.held, o.failed, o.failed_bytes, d.max_owed_bytes, x.messages, x.failed"
          + " from outbox.owed_bytes() o join outbox.destination d on d.name = o.name"
          + " left join outbox.destination_state s on s.destination = o.name"
          + " left join outbox.expired x on x.destination = o.name";

  private final Connection connection;
  private boolean leads;

  private ObserverSession(Connection connection) {
    this.connection = connection;
  }

  /**
   * Connects.
   *
   * @throws SQLException when it cannot, or the server takes no writes
   */
  public static ObserverSession open(DatabaseSettings settings) throws SQLException {
    Connection connection = new Connections(settings).controlSession("outbox-relay observer");
    try (Statement s = connection.createStatement()) {
      s.execute(PREPARE);
      return new ObserverSession(connection);
    } catch (SQLException | RuntimeException | Error e) {
      Sessions.abort(connection);
      throw e;
    }
  }

  /**
   * Looks.
   *
   * @return a row a destination; empty when another relay's session is told
   */
  public Optional<List<Owed>> look() throws SQLException {
    try (Statement s = connection.createStatement()) {
      if (!leads) {
        try (ResultSet r = s.executeQuery(LEAD)) {
          leads = r.next() && r.getBoolean(1);
        }
      }
      return leads ? Optional.of(owed(s)) : Optional.empty();
    }
  }

  private static List<Owed> owed(Statement s) throws SQLException {
    List<Owed> all = new ArrayList<>();
    try (ResultSet r = s.executeQuery(LOOK)) {
      while (r.next()) {
        all.add(
            new Owed(
                r.getString(1),
                r.getBoolean(2),
                r.getBoolean(3),
                r.getLong(4),
                r.getLong(5),
                r.getDouble(6),
                r.getLong(7),
                r.getLong(8),
                r.getLong(9),
                r.getLong(10),
                r.getLong(11),
                r.getLong(12)));
      }
    }
    return all;
  }

  /** Ends the session at once; from any thread. */
  @Override
  public void close() {
    Sessions.abort(connection);
  }
}
