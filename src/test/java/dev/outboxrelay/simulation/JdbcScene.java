// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.store.Database;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.store.OutboxDatabase;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A real PostgreSQL. */
final class JdbcScene implements Scene {
  private final TestDatabase db = TestDatabase.create();
  private final OutboxDatabase database;
  private final List<Connection> connections = new ArrayList<>();

  JdbcScene() throws SQLException {
    database =
        Database.connect(
            new DatabaseSettings(
                db.url(),
                db.user(),
                db.password(),
                2,
                Duration.ofSeconds(5),
                Duration.ofSeconds(10)));
  }

  @Override
  public OutboxDatabase database() {
    return database;
  }

  @Override
  public void destination(String name, boolean ordered, int doorbell) throws SQLException {
    db.execute(
        "insert into outbox.destination (id, name, uri, ordering, keep_delivered)"
            + " overriding system value values ("
            + doorbell
            + ", '"
            + name
            + "', 'tcp://h:1', '"
            + (ordered ? "key" : "none")
            + "', '0')");
  }

  @Override
  public long xid(long id) throws SQLException {
    return db.count("select xid from outbox.message where id = " + id);
  }

  @Override
  public String state(long id) throws SQLException {
    List<String> states = db.query("select state from outbox.message where id = " + id);
    return states.isEmpty() ? "" : states.get(0);
  }

  @Override
  public Deed begin() throws SQLException {
    Connection connection = db.connect();
    connections.add(connection);
    connection.setAutoCommit(false);
    return new JdbcDeed(connection);
  }

  @Override
  public void close() throws SQLException {
    for (Connection connection : connections) {
      connection.close();
    }
    database.close();
    db.close();
  }

  private record JdbcDeed(Connection connection) implements Deed {

    private long run(String sql, @Nullable Object... parameters) throws SQLException {
      try (PreparedStatement s = connection.prepareStatement(sql)) {
        for (int n = 0; n < parameters.length; n++) {
          s.setObject(n + 1, parameters[n]);
        }
        if (!s.execute()) {
          return s.getUpdateCount();
        }
        try (ResultSet r = s.getResultSet()) {
          return r.next() ? r.getLong(1) : 0;
        }
      }
    }

    @Override
    public long write(String destination, @Nullable String key) throws SQLException {
      return run("select outbox.publish(?, '{}', ?::text)", destination, key);
    }

    @Override
    public long writeForLater(String destination, String key, long millis) throws SQLException {
      return run(
          "select outbox.publish(?, '{}', ?, deliver_at => now() + ? * interval '1 ms')",
          destination,
          key,
          millis);
    }

    @Override
    public long truncate(String destination) throws SQLException {
      return run(
          "insert into outbox.message (destination, op) values (?, 'truncate') returning id",
          destination);
    }

    @Override
    public void lock(long id) throws SQLException {
      run("select id from outbox.pending where id = ? for update", id);
      run("select id from outbox.parked where id = ? for update", id);
    }

    @Override
    public void requeue(long id) throws SQLException {
      run("select outbox.requeue(?)::int", id);
    }

    @Override
    public void discard(long id) throws SQLException {
      run("select outbox.discard(?)::int", id);
    }

    @Override
    public void setAside(long id) throws SQLException {
      run("update outbox.message set state = 'failed' where id = ?", id);
    }

    @Override
    public void commit() throws SQLException {
      connection.commit();
    }

    @Override
    public void rollBack() throws SQLException {
      connection.rollback();
    }
  }
}
