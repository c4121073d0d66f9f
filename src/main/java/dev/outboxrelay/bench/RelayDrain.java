package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;

/** A backlog drained by the relay: from the end of its pause to the last row's completion. */
final class RelayDrain {
  /** The newest rows are completed last, near enough: only they are looked at while it is timed. */
  private static final long LAST_IDS = 20_000;

  private final BenchDatabase database;
  private final Orders orders;
  private final Arrivals arrivals;
  private final RelayProcess relay;
  private final Duration patience;
  private long polls;

  RelayDrain(
      BenchDatabase database,
      Orders orders,
      Arrivals arrivals,
      RelayProcess relay,
      Duration patience) {
    this.database = database;
    this.orders = orders;
    this.arrivals = arrivals;
    this.relay = relay;
    this.patience = patience;
  }

  /** Makes a backlog and drains it; returns messages a second. */
  double run(int messages) throws Exception {
    orders.owe(messages);
    return drain(messages);
  }

  /** Drains what is owed already, so many messages; returns messages a second. */
  double drain(int messages) throws Exception {
    long before = arrivals.count();
    long lastId = database.number("select max(id) from outbox.message");
    long started = System.nanoTime();
    orders.resume();
    arrivals.await(before + messages, patience);
    awaitCompletion(lastId);
    double seconds = (System.nanoTime() - started) / 1e9;
    relay.requireWell();
    orders.pause();
    long left = orders.owed();
    long arrived = arrivals.count() - before;
    if (left != 0 || arrived != messages) {
      throw new IllegalStateException(
          arrived + " of " + messages + " messages came, " + left + " are still owed");
    }
    return messages / seconds;
  }

  /** How many statements of its own it has run while it waited. */
  long polls() {
    return polls;
  }

  private void awaitCompletion(long lastId) throws Exception {
    Patience waiting = new Patience(patience);
    try (Connection c = database.connect();
        PreparedStatement s =
            c.prepareStatement("select count(*) from outbox.message where id > ?")) {
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
