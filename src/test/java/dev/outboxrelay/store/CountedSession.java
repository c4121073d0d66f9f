// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.testing.TestDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/**
 * One session that tells how many blocks of the schema's tables and indexes a call has looked at.
 * Each call is rolled back.
 */
final class CountedSession implements AutoCloseable {
  private static final String BLOCKS =
      "select coalesce(sum(pg_stat_get_xact_blocks_fetched(c.oid)), 0) from pg_class c"
          + " where c.relnamespace = 'outbox'::regnamespace and c.relkind in ('r', 'i')";

  /** A call of a store. */
  interface Call {
    void run() throws SQLException;
  }

  private final AutoCloseable owner;
  private final Connection connection;
  private final ConnectionSource source;

  private CountedSession(AutoCloseable owner, Connection connection) throws SQLException {
    this.owner = owner;
    this.connection = connection;
    Connection kept = kept(connection);
    source = () -> kept;
    connection.setAutoCommit(false);
  }

  /** As the relay's pool makes it. */
  static CountedSession open(TestDatabase db) throws SQLException {
    Pool pool =
        new Connections(
                new DatabaseSettings(
                    db.url(),
                    db.user(),
                    db.password(),
                    2,
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(60)))
            .pool();
    Connection connection = pool.getConnection();
    return new CountedSession(pool, connection);
  }

  /** A person's. */
  static CountedSession plain(TestDatabase db) throws SQLException {
    Connection connection = db.connect();
    return new CountedSession(connection, connection);
  }

  /** The same, but closing it does nothing. */
  private static Connection kept(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            CountedSession.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("close")) {
                return null;
              }
              try {
                return method.invoke(connection, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  MessageStore messages() {
    return new JdbcMessageStore(source);
  }

  DestinationStore destinations() {
    return new JdbcDestinationStore(source);
  }

  void execute(String sql) throws SQLException {
    try (Statement s = connection.createStatement()) {
      s.execute(sql);
    }
  }

  long blocks(Call call) throws SQLException {
    connection.rollback();
    long before = counted();
    call.run();
    long blocks = counted() - before;
    connection.rollback();
    return blocks;
  }

  void commit() throws SQLException {
    connection.commit();
  }

  private long counted() throws SQLException {
    try (Statement s = connection.createStatement();
        ResultSet r = s.executeQuery(BLOCKS)) {
      r.next();
      return r.getLong(1);
    }
  }

  @Override
  public void close() throws Exception {
    connection.rollback();
    connection.close();
    owner.close();
  }
}
