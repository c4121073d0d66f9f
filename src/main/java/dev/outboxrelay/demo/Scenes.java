// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** What is shown, one scene after the other. Waits until a common deadline, never longer. */
final class Scenes {
  static final String DESTINATION = "warehouse";

  /** How often an order of the unknown customer is refused: as often as it is tried. */
  static final int MAX_ATTEMPTS = 3;

  private static final Duration AWAY = Duration.ofSeconds(2);
  private static final Duration PAUSE = Duration.ofMillis(20);
  private static final int IDLE_CHANGES = 100;
  private static final Duration IDLE_LIMIT = Duration.ofSeconds(4);
  private static final int CHANGES_WHILE_AWAY = 20;
  private static final String OWED =
      "select count(*) from outbox.message where state <> 'delivered'";

  private final Story story;
  private final Ledger ledger;
  private final Witness witness;
  private final Sql sql;
  private final Shop shop;
  private final Inbox inbox;
  private final long deadlineNanos;
  private final List<String> idleChanges = new ArrayList<>();
  private long requeued;

  Scenes(
      Story story,
      Ledger ledger,
      Witness witness,
      Sql sql,
      Shop shop,
      Inbox inbox,
      Duration limit) {
    this.story = story;
    this.ledger = ledger;
    this.witness = witness;
    this.sql = sql;
    this.shop = shop;
    this.inbox = inbox;
    this.deadlineNanos = System.nanoTime() + limit.toNanos();
  }

  /** What was waited for did not come in time; the scenes that are left would only wait too. */
  private static final class Overdue extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** Plays them all, or up to the first in which something does not come in time. */
  void play() throws SQLException, InterruptedException {
    try {
      attach();
      liveChanges();
      idleLatency();
      receiverAway();
      refusal();
    } catch (Overdue e) {
      story.does("something did not arrive in time: what is left is not shown");
    }
  }

  /** From COMMIT to receipt, one change at a time. */
  Percentiles idle() {
    return ledger.latencies(idleChanges);
  }

  /** How many messages were set aside, and requeued. */
  long requeued() {
    return requeued;
  }

  private void attach() throws SQLException, InterruptedException {
    story.part("A table, a destination, and the one captured for the other: plain SQL");
    sql.run(Shop.TABLE);
    sql.run(
        "insert into outbox.destination (name, uri, max_attempts, retry_initial, retry_max) values"
            + " ('"
            + DESTINATION
            + "', 'tcp://localhost:"
            + inbox.open()
            + "', "
            + MAX_ATTEMPTS
            + ", '200 ms', '1 s')");
    sql.run("select outbox.capture('orders', '" + DESTINATION + "')");
    if (witness.awaitOwned(left())) {
      story.does("the running relay has noticed, and delivers for it");
    }
  }

  private void liveChanges() throws SQLException, InterruptedException, Overdue {
    story.part("The application writes; what arrives is shown with the time since its COMMIT");
    Shop.Change ada = shop.order("Ada", "12.50");
    arrive(List.of(ada.text()));
    List<String> changes = new ArrayList<>();
    changes.add(shop.update(ada.id(), "paid").text());
    changes.add(shop.update(ada.id(), "shipped").text());
    Shop.Change bob = shop.order("Bob", "1999999.99");
    changes.add(bob.text());
    changes.add(shop.delete(bob.id(), "new").text());
    shop.orderAndRollBack("Nobody", "1.00");
    arrive(changes);
    story.does("(one more order was rolled back: it never arrives)");
  }

  /**
   * One change at a time, each when the last has arrived and a pause has passed. A slow machine
   * makes fewer.
   */
  private void idleLatency() throws SQLException, InterruptedException, Overdue {
    story.part(IDLE_CHANGES + " orders, one at a time, each after a pause, not shown");
    inbox.print(false);
    long endNanos = System.nanoTime() + IDLE_LIMIT.toNanos();
    for (int i = 0; i < IDLE_CHANGES && System.nanoTime() < endNanos; i++) {
      pause(PAUSE);
      String change = shop.order("Customer " + i, "10.00").text();
      idleChanges.add(change);
      arrive(List.of(change));
    }
    Percentiles idle = idle();
    story.does(
        String.format(
            Locale.ROOT,
            "commit to receipt: p50 %.1f ms, p99 %.1f ms",
            idle.millis(50),
            idle.millis(99)));
  }

  private void receiverAway() throws SQLException, InterruptedException, Overdue {
    story.part("The receiver goes away for " + AWAY.toSeconds() + " s; the application goes on");
    inbox.close();
    long backNanos = System.nanoTime() + AWAY.toNanos();
    List<String> changes = new ArrayList<>();
    for (int i = 0; i < CHANGES_WHILE_AWAY; i++) {
      changes.add(shop.order("Eve " + i, "20.00").text());
      pause(AWAY.dividedBy(2L * CHANGES_WHILE_AWAY));
    }
    story.does(
        changes.size() + " orders committed, " + sql.number(OWED) + " rows in outbox.message");
    pause(Duration.ofNanos(Math.max(0, backNanos - System.nanoTime())));
    long openedNanos = System.nanoTime();
    inbox.open();
    arrive(changes);
    story.does(
        String.format(
            Locale.ROOT,
            "the receiver is back: all %d arrived within %.0f ms",
            changes.size(),
            Ledger.millis(System.nanoTime() - openedNanos)));
    inbox.print(true);
  }

  private void refusal() throws SQLException, InterruptedException, Overdue {
    story.part("One message is refused until it is set aside; its neighbours are not held up");
    Shop.Change refused = shop.order(Inbox.UNKNOWN_CUSTOMER, "66.60");
    List<String> neighbours = new ArrayList<>();
    neighbours.add(shop.order("Grace", "30.00").text());
    neighbours.add(shop.order("Linus", "40.00").text());
    arrive(neighbours);
    awaitNumber("select count(*) from outbox.message where state = 'failed'", 1);
    sql.show("select id, key, attempts, last_error from outbox.failed");
    story.part("Requeued with SQL");
    String requeue = "select outbox.requeue_failed('" + DESTINATION + "')";
    story.does(requeue);
    requeued = sql.number(requeue);
    arrive(List.of(refused.text()));
  }

  /** How many messages are still owed; removal follows the acknowledgement within milliseconds. */
  long owedAtTheEnd() throws SQLException, InterruptedException {
    awaitNumber(OWED, 0);
    return sql.number(OWED);
  }

  private void arrive(List<String> changes) throws InterruptedException, Overdue {
    if (!ledger.await(changes, left())) {
      throw new Overdue();
    }
  }

  private void awaitNumber(String query, long wanted) throws SQLException, InterruptedException {
    while (sql.number(query) != wanted && !left().isZero()) {
      pause(PAUSE);
    }
  }

  private Duration left() {
    return Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime()));
  }

  private static void pause(Duration duration) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(duration.toNanos());
  }
}
