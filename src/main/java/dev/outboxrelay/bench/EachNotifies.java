// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.postgresql.PGConnection;

/**
 * Every statement on a table notifies, besides whatever else its triggers do: a relay, or a session
 * of our own, which listens while this is open and takes what comes.
 */
final class EachNotifies implements AutoCloseable {
  private static final String CHANNEL = "outbox_relay_bench_each";
  private static final int WAIT_MILLIS = 100;

  private final Connection connection;
  private final AtomicLong heard = new AtomicLong();
  private final CompletableFuture<Void> listening;
  private volatile boolean closed;

  private EachNotifies(Connection connection) throws SQLException {
    this.connection = connection;
    try (var s = connection.createStatement()) {
      s.execute("listen " + CHANNEL);
    }
    PGConnection listener = connection.unwrap(PGConnection.class);
    listening =
        CompletableFuture.runAsync(
            () -> listen(listener), task -> new Thread(task, "each-notifies").start());
  }

  /** Makes a trigger that notifies the session of {@link #listen}. */
  static void install(BenchDatabase database, String table) throws SQLException {
    install(database, table, CHANNEL, "");
  }

  /** Makes a trigger that rings the relay, as one without a doorbell would. */
  static void ring(BenchDatabase database, String table, String destination) throws SQLException {
    install(database, table, "outbox", destination);
  }

  private static void install(BenchDatabase database, String table, String channel, String payload)
      throws SQLException {
    database.execute(
        "create function each_notifies() returns trigger language plpgsql as $$ begin perform"
            + " pg_notify('"
            + channel
            + "', '"
            + payload
            + "'); return null; end $$",
        "create trigger each_notifies after insert on "
            + table
            + " for each statement execute function each_notifies()");
  }

  /** Listens. */
  static EachNotifies listen(BenchDatabase database) throws SQLException {
    return new EachNotifies(database.connect());
  }

  private void listen(PGConnection listener) {
    try {
      while (!closed) {
        heard.addAndGet(listener.getNotifications(WAIT_MILLIS).length);
      }
    } catch (SQLException e) {
      throw new CompletionException(e);
    }
  }

  /** How many notifications have come. */
  long heard() {
    return heard.get();
  }

  /** Waits until one has come: the table does notify. */
  void awaitOne(Duration atMost) throws TimeoutException, InterruptedException {
    Patience patience = new Patience(atMost);
    while (heard() == 0) {
      patience.await(0, "no statement has notified");
    }
  }

  @Override
  public void close() throws SQLException {
    closed = true;
    listening.join();
    connection.close();
  }
}
