// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The few connections for reads and completions. Safe for threads. */
final class Pool implements ConnectionSource, AutoCloseable {
  private final AtomicReference<@Nullable Connection> first;
  private final PoolTimer timer = new PoolTimer();
  private final HikariDataSource pool;

  /** Those that may be open; guarded by this. */
  private final Set<Connection> open = new HashSet<>();

  private boolean closed; // guarded by this

  /**
   * @param first the first connection, open already
   * @param opening opens the others
   */
  Pool(DatabaseSettings settings, Connection first, SessionSource.Opening opening) {
    this.first = new AtomicReference<>(first);
    HikariConfig config = new HikariConfig();
    config.setDataSource(new SessionSource(() -> next(opening)));
    config.setMaximumPoolSize(settings.poolSize());
    config.setMinimumIdle(1);
    config.setConnectionTimeout(Math.max(1000, settings.connectTimeout().toMillis()));
    config.setValidationTimeout(Math.max(1000, settings.connectTimeout().toMillis() / 2));
    config.setInitializationFailTimeout(-1);
    config.setPoolName("outbox-relay");
    config.setAutoCommit(true);
    config.setScheduledExecutor(timer);
    pool = new HikariDataSource(config);
  }

  private Connection next(SessionSource.Opening opening) throws SQLException {
    Connection ready = first.getAndSet(null);
    return keep(ready == null ? opening.open() : ready);
  }

  private Connection keep(Connection connection) throws SQLException {
    synchronized (this) {
      if (!closed) {
        for (Iterator<Connection> each = open.iterator(); each.hasNext(); ) {
          if (each.next().isClosed()) {
            each.remove();
          }
        }
        open.add(connection);
        return connection;
      }
    }
    Sessions.abort(connection);
    throw new SQLException("the pool is closed", Trouble.CONNECTION_FAILURE);
  }

  /**
   * Lends a connection; closing it gives it back.
   *
   * @throws NoConnection when there is none at all, nor can one be opened
   * @throws SQLException when all are lent, or a new one cannot be opened
   */
  @Override
  public Connection getConnection() throws SQLException {
    try {
      return pool.getConnection();
    } catch (SQLException e) {
      // The pool says that it waited in vain; what for is in the cause.
      SQLException cause = e.getCause() instanceof SQLException sql ? sql : e;
      throw pool.getHikariPoolMXBean().getTotalConnections() == 0 ? new NoConnection(cause) : cause;
    }
  }

  /** How many sessions do what. Does not block. */
  PoolUse use() {
    HikariPoolMXBean bean = pool.getHikariPoolMXBean();
    return bean == null
        ? PoolUse.NONE
        : new PoolUse(
            bean.getActiveConnections(),
            bean.getIdleConnections(),
            bean.getThreadsAwaitingConnection());
  }

  /**
   * INVARIANT: no session outlives this. The pool forgets those that it is opening just then; they
   * would be the server's for ever.
   */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    pool.close();
    leave();
    timer.shutdownNow();
    Connection left = first.getAndSet(null);
    if (left != null) {
      Sessions.abort(left);
    }
  }

  private synchronized void leave() {
    open.forEach(Sessions::abort);
    open.clear();
  }
}
