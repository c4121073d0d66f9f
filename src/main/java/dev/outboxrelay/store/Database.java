package dev.outboxrelay.store;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;

/** One relay's access to its database, from connect to loss: a pool, and the control sessions. */
public final class Database implements AutoCloseable {
  private final Connections connections;
  private final HikariDataSource pool;

  /**
   * Makes the access; connects nothing yet.
   *
   * @param settings how to reach the database
   */
  public Database(DatabaseSettings settings) {
    connections = new Connections(settings);
    pool = connections.pool();
  }

  public MessageStore messages() {
    return new JdbcMessageStore(pool);
  }

  public DestinationStore destinations() {
    return new JdbcDestinationStore(pool);
  }

  public LockSession openLockSession() throws SQLException {
    Connection connection = connections.controlSession("outbox-relay locks");
    try {
      return LockSession.open(connection);
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  public ListenSession openListenSession() throws SQLException {
    Connection connection = connections.listeningSession("outbox-relay listener");
    try {
      return ListenSession.open(connection);
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
