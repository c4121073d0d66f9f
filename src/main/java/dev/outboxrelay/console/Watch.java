// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.operate.Row;
import dev.outboxrelay.threads.Errors;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the database for all pages at once, while any is open; one thread. A look that takes
 * long is followed by a rest nine times as long, so that looking never takes more than a tenth of
 * one session's time, however much is owed and however many look.
 */
final class Watch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

  /** How soon a page hears of the progress of a work. */
  private static final Duration TICK = Duration.ofMillis(500);

  private static final Duration LOOK_EACH = Duration.ofSeconds(2);
  private static final Duration REST_AFTER_TROUBLE = Duration.ofSeconds(5);
  private static final Duration SHOW_LIFE_EACH = Duration.ofSeconds(15);
  private static final int REST_TIMES = 9;

  /** A statement of the database is not waited for. */
  private static final long CLOSING_MILLIS = 200;

  private final Desk desk;
  private final Rates rates;
  private final Work work;
  private final Hub hub;
  private final Predicate<Person> isStillIn;
  private final Board board = new Board();
  private final Thread thread = new Thread(this::run, "console-watch");

  private volatile boolean closed;
  private List<Row> looked = List.of();
  private @Nullable Instant lookedAt;
  private long nextRatesNanos = System.nanoTime();
  private long nextLookNanos = System.nanoTime();
  private long nextLifeNanos = System.nanoTime() + SHOW_LIFE_EACH.toNanos();

  Watch(Desk desk, Rates rates, Work work, Hub hub, Predicate<Person> isStillIn) {
    this.desk = desk;
    this.rates = rates;
    this.work = work;
    this.hub = hub;
    this.isStillIn = isStillIn;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!closed) {
      try {
        if (hub.await(TICK)) {
          round();
        } else {
          desk.rest();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException | Error e) {
        Errors.report(e);
        LOG.error("a look for the console failed, which is a defect; it goes on", e);
        nextLookNanos = System.nanoTime() + REST_AFTER_TROUBLE.toNanos();
      }
    }
  }

  private void round() {
    // Before anything is told.
    hub.keepOnly(isStillIn);
    if (System.nanoTime() - nextLookNanos >= 0) {
      look();
    }
    if (lookedAt != null && System.nanoTime() - nextRatesNanos >= 0) {
      nextRatesNanos = System.nanoTime() + LOOK_EACH.toNanos();
      board.rates(looked.stream().map(this::withRates).toList());
    }
    board.work(work.state());
    if (board.isEmpty()) {
      return;
    }
    byte[] changes = board.changes();
    if (changes == null) {
      hub.tellNewcomers(board.whole());
    } else {
      hub.tell(changes, board.whole());
    }
    if (System.nanoTime() - nextLifeNanos >= 0) {
      nextLifeNanos = System.nanoTime() + SHOW_LIFE_EACH.toNanos();
      hub.stillHere();
    }
  }

  private void look() {
    long startNanos = System.nanoTime();
    long restNanos = LOOK_EACH.toNanos();
    try {
      looked = desk.look();
      lookedAt = Instant.now();
      board.show(looked.stream().map(this::withRates).toList(), lookedAt);
    } catch (Problem e) {
      board.fail(e);
      restNanos = REST_AFTER_TROUBLE.toNanos();
    }
    long tookNanos = System.nanoTime() - startNanos;
    nextLookNanos = System.nanoTime() + Math.max(restNanos, REST_TIMES * tookNanos);
  }

  private Row withRates(Row row) {
    Rates.Rate rate = rates.rate(row.text("destination"));
    return row.with("messages_per_second", rounded(rate.messages()))
        .with("bytes_per_second", rounded(rate.bytes()));
  }

  private static Object rounded(double rate) {
    return Math.round(rate * 10) / 10.0;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join(CLOSING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    hub.closeAll();
    desk.rest();
  }
}
