// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import org.flywaydb.core.api.FlywayException;

/**
 * {@link OutboxDatabase} over JDBC: a pool, and the control sessions, all on one server that takes
 * writes.
 */
public final class Database implements OutboxDatabase {
  private final Login login;
  private final Connections connections;
  private final Pool pool;

  private Database(Login login, Connections connections, Pool pool) {
    this.login = login;
    this.connections = connections;
    this.pool = pool;
  }

  /**
   * Connects: the pool has a connection then.
   *
   * @throws SQLException when it cannot be had, or the server takes no writes
   */
  public static Database connect(DatabaseSettings settings) throws SQLException {
    Connections connections = new Connections(settings);
    return new Database(settings.login(), connections, connections.pool());
  }

  @Override
  public CompletableFuture<String> unfit() {
    return connections.unfit();
  }

  @Override
  public PoolUse poolUse() {
    return pool.use();
  }

  @Override
  public SchemaState schema() throws SQLException {
    try {
      return new Migrator(login).state();
    } catch (FlywayException e) {
      SQLException cause = Trouble.sqlCause(e);
      throw cause == null ? new SQLException(Trouble.words(e), e) : cause;
    }
  }

  @Override
  public MessageStore messages() {
    return new JdbcMessageStore(pool);
  }

  @Override
  public DestinationStore destinations() {
    return new JdbcDestinationStore(pool);
  }

  @Override
  public LockSession openLockSession() throws SQLException {
    Connection connection = connections.controlSession("outbox-relay locks");
    try {
      return JdbcLockSession.open(connection);
    } catch (SQLException | RuntimeException | Error e) {
      Sessions.abort(connection);
      throw e;
    }
  }

  @Override
  public ListenSession openListenSession() throws SQLException {
    Connection connection = connections.listeningSession("outbox-relay listener");
    try {
      return JdbcListenSession.open(connection);
    } catch (SQLException | RuntimeException | Error e) {
      Sessions.abort(connection);
      throw e;
    }
  }

  @Override
  public void ring(ListenSession session, long number) throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s =
            c.prepareStatement(
                "select pg_notify(?, ?), current_setting('transaction_read_only') = 'on'")) {
      s.setString(1, session.selfTestChannel());
      s.setString(2, Long.toString(number));
      try (ResultSet r = s.executeQuery()) {
        if (r.next() && r.getBoolean(2)) {
          connections.takesNoWrites();
        }
      }
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
