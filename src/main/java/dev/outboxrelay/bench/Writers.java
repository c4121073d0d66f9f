// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Clients that commit one transaction after the other, each on a connection of its own. */
final class Writers {
  private static final int FIRST_CAPACITY = 4096;

  private final BenchDatabase database;
  private final String session;
  private final int clients;

  /** One client's transactions; made on its thread. */
  interface Transactions {
    /** Writes and commits number {@code number}. */
    void commit(long number) throws SQLException;
  }

  /** Makes a client's transactions. */
  interface Factory {
    Transactions on(Connection connection) throws SQLException;
  }

  /**
   * What they did.
   *
   * @param commits in all
   * @param seconds how long it took
   * @param commitTimes how long each took
   * @param sinceDue how long from when it was due, which a client that is late passes
   */
  record Work(long commits, double seconds, Percentiles commitTimes, Percentiles sinceDue) {
    double perSecond() {
      return commits / seconds;
    }
  }

  /**
   * Makes clients; they connect when they run.
   *
   * @param session a statement that each runs first, such as a setting
   */
  Writers(BenchDatabase database, String session, int clients) {
    this.database = database;
    this.session = session;
    this.clients = clients;
  }

  /** Commits as fast as it goes, once at least. */
  Work forTime(Duration time, AtomicLong numbers, Factory factory) throws Exception {
    long[] until = new long[1];
    AtomicBoolean first = new AtomicBoolean(true);
    return run(
        factory,
        () -> until[0] = System.nanoTime() + time.toNanos(),
        () ->
            first.getAndSet(false) || System.nanoTime() < until[0] ? numbers.incrementAndGet() : 0,
        number -> System.nanoTime());
  }

  /** Commits numbers 1 to {@code total} at a steady rate, whether the server keeps up or not. */
  Work atRate(int perSecond, long total, Factory factory) throws Exception {
    AtomicLong numbers = new AtomicLong();
    long[] start = new long[1];
    Due due = number -> start[0] + number * 1_000_000_000L / perSecond;
    return run(
        factory,
        () -> start[0] = System.nanoTime(),
        () -> {
          long number = numbers.incrementAndGet();
          if (number > total) {
            return 0;
          }
          awaitNanos(due.nanos(number));
          return number;
        },
        due);
  }

  private static void awaitNanos(long due) {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  /** The next number to commit, 0 at the end. */
  private interface Next {
    long number();
  }

  /** When a number is to be committed. */
  private interface Due {
    long nanos(long number);
  }

  /** Nanoseconds of each commit, in the order of the commits. */
  private record Times(long[] sinceSent, long[] sinceDue) {}

  private Work run(Factory factory, Runnable begin, Next next, Due due) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    List<Connection> connections = new ArrayList<>();
    try {
      for (int client = 0; client < clients; client++) {
        Connection connection = database.connect();
        connections.add(connection);
        try (var s = connection.createStatement()) {
          s.execute(session);
        }
      }
      begin.run();
      long started = System.nanoTime();
      List<Callable<Times>> tasks = new ArrayList<>();
      for (Connection connection : connections) {
        tasks.add(() -> client(factory.on(connection), next, due));
      }
      List<Future<Times>> done = threads.invokeAll(tasks);
      double seconds = (System.nanoTime() - started) / 1e9;
      return work(done, seconds);
    } finally {
      threads.shutdownNow();
      threads.awaitTermination(10, TimeUnit.SECONDS);
      for (Connection connection : connections) {
        connection.close();
      }
    }
  }

  private static Work work(List<Future<Times>> done, double seconds) throws Exception {
    long[] sinceSent = new long[0];
    long[] sinceDue = new long[0];
    for (Future<Times> one : done) {
      sinceSent = joined(sinceSent, one.get().sinceSent());
      sinceDue = joined(sinceDue, one.get().sinceDue());
    }
    return new Work(
        sinceSent.length, seconds, new Percentiles(sinceSent), new Percentiles(sinceDue));
  }

  private static long[] joined(long[] before, long[] more) {
    long[] all = Arrays.copyOf(before, before.length + more.length);
    System.arraycopy(more, 0, all, before.length, more.length);
    return all;
  }

  private static Times client(Transactions transactions, Next next, Due due) throws SQLException {
    long[] sinceSent = new long[FIRST_CAPACITY];
    long[] sinceDue = new long[FIRST_CAPACITY];
    int count = 0;
    for (long number = next.number(); number > 0; number = next.number()) {
      long wanted = due.nanos(number);
      long sent = System.nanoTime();
      transactions.commit(number);
      long done = System.nanoTime();
      if (count == sinceSent.length) {
        sinceSent = Arrays.copyOf(sinceSent, count * 2);
        sinceDue = Arrays.copyOf(sinceDue, count * 2);
      }
      sinceSent[count] = done - sent;
      sinceDue[count++] = done - wanted;
    }
    return new Times(Arrays.copyOf(sinceSent, count), Arrays.copyOf(sinceDue, count));
  }
}
