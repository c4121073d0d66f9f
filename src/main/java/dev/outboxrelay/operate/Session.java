// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import dev.outboxrelay.store.Login;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A session of one command. Each statement is a transaction of its own, unless {@link #together}
 * says otherwise. Used by one thread; {@link #cancel} may be called by any.
 */
public final class Session implements AutoCloseable {
  private static final Duration LOGIN_LIMIT = Duration.ofSeconds(10);

  /**
   * UTC whatever the role's settings; and nobody waits long for a lock that somebody else holds.
   */
  private static final String PREPARATION =
      "set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres';"
          + " set lock_timeout = '10s'; set idle_session_timeout = 0;"
          + " set default_transaction_isolation = 'read committed'; set jit = off;"
          + " set standard_conforming_strings = on";

  private final Connection connection;

  private Session(Connection connection) {
    this.connection = connection;
  }

  /** Several statements that are one transaction. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws SQLException;
  }

  /**
   * Logs in.
   *
   * @param command shown by {@code pg_stat_activity}
   */
  public static Session open(Login login, String command) throws SQLException {
    Connection connection =
        login.open(
            LOGIN_LIMIT,
            Map.of(
                "ApplicationName",
                "outbox-relay " + command,
                "tcpKeepAlive",
                "true",
                // The detail of a row that is refused is the row, which must not get into the log.
                "logServerErrorDetail",
                "false"));
    try (Statement s = connection.createStatement()) {
      s.execute(PREPARATION);
      return new Session(connection);
    } catch (SQLException | RuntimeException | Error e) {
      connection.close();
      throw e;
    }
  }

  /** No statement may take longer from here on; zero is no limit. */
  public void limit(Duration statement) throws SQLException {
    query("select set_config('statement_timeout', ?, false)", statement.toMillis() + "ms");
  }

  /** The rows of a query; for what has a bounded number of them. */
  public List<Row> query(String sql, @Nullable Object... parameters) throws SQLException {
    try (PreparedStatement s = prepare(sql, parameters);
        ResultSet result = s.executeQuery()) {
      return RowReader.all(result);
    }
  }

  /** The only row. */
  Row one(String sql, @Nullable Object... parameters) throws SQLException {
    return query(sql, parameters).get(0);
  }

  /**
   * Runs a statement.
   *
   * @return how many rows it has changed, or moved over
   */
  long execute(String sql, @Nullable Object... parameters) throws SQLException {
    try (PreparedStatement s = prepare(sql, parameters)) {
      return s.execute() ? 0 : Math.max(0, s.getLargeUpdateCount());
    }
  }

  private PreparedStatement prepare(String sql, @Nullable Object... parameters)
      throws SQLException {
    PreparedStatement s = connection.prepareStatement(sql);
    try {
      for (int n = 0; n < parameters.length; n++) {
        bind(s, n + 1, parameters[n]);
      }
      return s;
    } catch (SQLException | RuntimeException | Error e) {
      s.close();
      throw e;
    }
  }

  private void bind(PreparedStatement s, int n, @Nullable Object value) throws SQLException {
    if (value == null) {
      s.setNull(n, Types.NULL);
    } else if (value instanceof Instant instant) {
      s.setObject(n, instant.atOffset(ZoneOffset.UTC));
    } else if (value instanceof String[] texts) {
      s.setArray(n, connection.createArrayOf("text", texts));
    } else if (value instanceof Long[] numbers) {
      s.setArray(n, connection.createArrayOf("bigint", numbers));
    } else {
      s.setObject(n, value);
    }
  }

  /** Runs statements as one transaction, or as a part of the one that is under way. */
  <T> T together(Work<T> work) throws SQLException {
    if (!connection.getAutoCommit()) {
      return work.run();
    }
    connection.setAutoCommit(false);
    try {
      T result = work.run();
      connection.commit();
      return result;
    } catch (SQLException | RuntimeException | Error e) {
      connection.rollback();
      throw e;
    } finally {
      connection.setAutoCommit(true);
    }
  }

  /** Runs statements and takes them back. */
  <T> T tried(Work<T> work) throws SQLException {
    connection.setAutoCommit(false);
    try {
      return work.run();
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  /** The server's time: that of this machine may be another. */
  public Instant now() throws SQLException {
    return (Instant) Objects.requireNonNull(one("select clock_timestamp() as now").get("now"));
  }

  /** Has the server give up the statement that runs. */
  void cancel() throws SQLException {
    connection.unwrap(org.postgresql.PGConnection.class).cancelQuery();
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
