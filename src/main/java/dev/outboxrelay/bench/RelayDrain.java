// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;

/**
 * A backlog drained by a relay that is up and whose destinations are paused: from the end of the
 * pause to the last row's completion.
 */
final class RelayDrain {
  /**
   * Drains of half a million before those that count: the JVM's compiler works on through the first
   * two million messages of a process, and what is small or comes first would be measured by it.
   */
  static final int WARM_UPS = 4;

  /** The newest rows are completed last, near enough: only they are looked at while it is timed. */
  private static final long LAST_IDS = 20_000;

  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  private final BenchDatabase database;
  private final Source source;
  private final Arrivals arrivals;
  private final RelayProcess relay;
  private long polls;

  RelayDrain(BenchDatabase database, Source source, Arrivals arrivals, RelayProcess relay) {
    this.database = database;
    this.source = source;
    this.arrivals = arrivals;
    this.relay = relay;
  }

  /** Drains before those that count, so that the JVM's compiler is through with it. */
  void warmUp(int messages) throws Exception {
    for (int i = 0; i < WARM_UPS; i++) {
      run(messages);
    }
  }

  /** Makes a backlog and drains it. */
  Drained run(int messages) throws Exception {
    source.owe(messages);
    return drain(messages);
  }

  /** Drains what is owed already, so many messages; the destinations are paused afterwards. */
  Drained drain(int messages) throws Exception {
    long before = arrivals.count();
    long lastId = database.number("select max(id) from outbox.pending");
    arrivals.expectFirst();
    long resumed = System.nanoTime();
    source.resume();
    arrivals.await(before + messages, NOTHING_NEW);
    awaitCompletion(lastId);
    long completed = System.nanoTime();
    relay.requireWell();
    source.pause();
    long left = source.owed();
    long arrived = arrivals.count() - before;
    if (left != 0 || arrived != messages) {
      throw new IllegalStateException(
          arrived + " of " + messages + " messages came, " + left + " are still owed");
    }
    return new Drained(messages, resumed, arrivals.firstNanos(), completed);
  }

  /** How many statements of its own it has run while it waited. */
  long polls() {
    return polls;
  }

  private void awaitCompletion(long lastId) throws Exception {
    Patience waiting = new Patience(NOTHING_NEW);
    try (Connection c = database.connect();
        PreparedStatement s =
            c.prepareStatement("select count(*) from outbox.pending where id > ?")) {
      s.setLong(1, lastId - LAST_IDS);
      while (true) {
        polls++;
        try (ResultSet r = s.executeQuery()) {
          r.next();
          long left = r.getLong(1);
          if (left == 0) {
            return;
          }
          waiting.await(left, left + " messages are not completed");
        }
      }
    }
  }
}
