package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import org.flywaydb.core.api.FlywayException;

/**
 * One relay's access to its database, from connect to loss: a pool, and the control sessions, all
 * on one server that takes writes.
 */
public final class Database implements AutoCloseable {
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

  /**
   * Completes, with the reason, when the pool was led to another server than the other sessions, or
   * to one that takes no writes any more.
   */
  public CompletableFuture<String> unfit() {
    return connections.unfit();
  }

  /** How the schema stands, asked by a session of its own. Blocks. */
  public SchemaState schema() throws SQLException {
    try {
      return new Migrator(login).state();
    } catch (FlywayException e) {
      SQLException cause = Trouble.sqlCause(e);
      throw cause == null ? new SQLException(Trouble.words(e), e) : cause;
    }
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
    } catch (SQLException | RuntimeException | Error e) {
      Sessions.abort(connection);
      throw e;
    }
  }

  public ListenSession openListenSession() throws SQLException {
    Connection connection = connections.listeningSession("outbox-relay listener");
    try {
      return ListenSession.open(connection);
    } catch (SQLException | RuntimeException | Error e) {
      Sessions.abort(connection);
      throw e;
    }
  }

  /**
   * Rings a listening session, by another one: unless it hears that, it is deaf.
   *
   * @param number what it hears
   */
  public void ring(ListenSession session, long number) throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement("select pg_notify(?, ?)")) {
      s.setString(1, session.selfTestChannel());
      s.setString(2, Long.toString(number));
      s.execute();
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
