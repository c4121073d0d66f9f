// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Properties;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The bare limit of a drain: pages are read by cursor on one connection, and deleted by their ids
 * on another, overlapped; nothing is sent, nothing is kept in order, nothing is remembered.
 */
final class BareDrain {
  private static final int PAGE = 1000;
  private static final int PAGES_AHEAD = 8;
  private static final Long[] END = new Long[0];

  private static final String READ =
      "select id, destination, key, op, source, xid, created_at, old_row, new_row, headers"
          + " from outbox.pending where destination ="
          + " (select d.number from outbox.destination d where d.name = ?)"
          + " and id > ? order by id limit "
          + PAGE;

  private static final String DELETE =
      "delete from outbox.pending where destination ="
          + " (select d.number from outbox.destination d where d.name = ?) and id = any (?)";

  private final BenchDatabase database;
  private final String destination;

  BareDrain(BenchDatabase database, String destination) {
    this.database = database;
    this.destination = destination;
  }

  /** Drains so many messages, all that there are; messages a second, once connected. */
  double run(int messages) throws Exception {
    BlockingQueue<Long[]> pages = new ArrayBlockingQueue<>(PAGES_AHEAD);
    try (Connection reader = connect();
        Connection deleter = connect()) {
      long started = System.nanoTime();
      CompletableFuture<Long> deleted =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return delete(deleter, pages);
                } catch (SQLException | InterruptedException e) {
                  throw new CompletionException(e);
                }
              },
              task -> new Thread(task, "bare-delete").start());
      try {
        read(reader, pages, deleted);
      } finally {
        put(END, pages, deleted);
      }
      long count = deleted.get();
      double seconds = (System.nanoTime() - started) / 1e9;
      if (count != messages) {
        throw new IllegalStateException("deleted " + count + " of " + messages);
      }
      return messages / seconds;
    } catch (ExecutionException e) {
      throw new IllegalStateException("the bare drain failed", e.getCause());
    }
  }

  /** A deleter that has failed takes no more. */
  private static void put(Long[] ids, BlockingQueue<Long[]> pages, CompletableFuture<Long> deleted)
      throws InterruptedException {
    while (!deleted.isDone() && !pages.offer(ids, 1, TimeUnit.SECONDS)) {
      // Once more.
    }
  }

  private Connection connect() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", database.user());
    properties.setProperty("password", database.password());
    properties.setProperty("prepareThreshold", "1");
    Connection connection = DriverManager.getConnection(database.url(), properties);
    try (var s = connection.createStatement()) {
      s.execute(
          "set synchronous_commit = off; set enable_seqscan = off; set enable_bitmapscan = off;"
              + " set plan_cache_mode = force_generic_plan; set jit = off; set outbox.relay = on");
    }
    return connection;
  }

  private void read(
      Connection connection, BlockingQueue<Long[]> pages, CompletableFuture<Long> deleted)
      throws SQLException, InterruptedException {
    try (PreparedStatement s = connection.prepareStatement(READ)) {
      long after = 0;
      boolean more = true;
      while (more && !deleted.isCompletedExceptionally()) {
        s.setString(1, destination);
        s.setLong(2, after);
        Long[] ids = page(s);
        if (ids.length > 0) {
          after = ids[ids.length - 1];
          put(ids, pages, deleted);
        }
        more = ids.length == PAGE;
      }
    }
  }

  private static Long[] page(PreparedStatement s) throws SQLException {
    Long[] ids = new Long[PAGE];
    int count = 0;
    try (ResultSet r = s.executeQuery()) {
      while (r.next()) {
        ids[count++] = r.getLong(1);
        r.getBytes(9);
      }
    }
    return java.util.Arrays.copyOf(ids, count);
  }

  private long delete(Connection connection, BlockingQueue<Long[]> pages)
      throws SQLException, InterruptedException {
    long deleted = 0;
    try (PreparedStatement s = connection.prepareStatement(DELETE)) {
      for (Long[] ids = pages.take(); ids != END; ids = pages.take()) {
        Array array = connection.createArrayOf("bigint", ids);
        s.setString(1, destination);
        s.setArray(2, array);
        deleted += s.executeUpdate();
        array.free();
      }
    }
    return deleted;
  }
}
