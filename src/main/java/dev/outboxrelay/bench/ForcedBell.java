package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;

/**
 * While it is open every writer of a destination rings: its doorbell's lock is held, or waited for,
 * which a writer cannot tell apart. The relay has the lock first when it sleeps, and then every
 * writer rings as well.
 */
final class ForcedBell implements AutoCloseable {
  private static final String QUERY_CANCELED = "57014";

  /** A cancellation that comes before the statement has begun is lost, and is sent again. */
  private static final long CANCEL_PAUSE_NANOS = 10_000_000L;

  private final Connection connection;
  private final Statement statement;
  private final CompletableFuture<Void> lock;

  private ForcedBell(Connection connection, String destination) throws SQLException {
    this.connection = connection;
    statement = connection.createStatement();
    lock =
        CompletableFuture.runAsync(
            () -> lock(destination), task -> new Thread(task, "forced-bell").start());
  }

  static ForcedBell open(BenchDatabase database, String destination) throws SQLException {
    return new ForcedBell(database.connect(), destination);
  }

  private void lock(String destination) {
    try {
      statement.execute(
          "select pg_advisory_lock(7021001, doorbell) from outbox.destination where name = '"
              + destination
              + "'");
    } catch (SQLException e) {
      if (!QUERY_CANCELED.equals(e.getSQLState())) {
        throw new CompletionException(e);
      }
    }
  }

  /** Lets go, or stops waiting. */
  @Override
  public void close() throws SQLException {
    while (!lock.isDone()) {
      statement.cancel();
      LockSupport.parkNanos(CANCEL_PAUSE_NANOS);
    }
    lock.join();
    connection.close();
  }
}
