// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.LateReply;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.testing.Wire;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a person does to messages while a relay has them in memory. No sweep runs: whatever is
 * noticed is noticed at once.
 */
final class InterventionTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Reply LATER = Reply.nackFor(Duration.ofHours(1));

  /** What the receiver does about a message, by its number; others are acknowledged. */
  private final Map<Integer, Reply> replies = new ConcurrentHashMap<>();

  private TestDatabase db;
  private ScriptedReceiver receiver;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    receiver =
        ScriptedReceiver.start(line -> replies.getOrDefault(number(line.text()), Reply.ack()));
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', '" + receiver.uri() + "')");
  }

  @AfterEach
  void tearDown() throws Exception {
    receiver.close();
    db.close();
  }

  private RunningRelay relay(int pageSize, RelayEvents events) {
    RelayConfig c = RunningRelay.config(db, "test");
    return RunningRelay.start(
        new RelayConfig(
            c.database(),
            c.name(),
            Duration.ofHours(1),
            c.poll(),
            pageSize,
            c.memoryBytes(),
            c.maxMessageBytes(),
            c.stopTimeout()),
        events);
  }

  private RunningRelay relay() {
    return relay(RelayConfig.DEFAULT_PAGE_SIZE, RelayEvents.NONE);
  }

  private void publish(int from, int to, String key) throws Exception {
    db.execute(
        "select outbox.publish('out', json_build_object('n', n), "
            + key
            + ") from generate_series("
            + from
            + ", "
            + to
            + ") n");
  }

  private static String numbered(int n) {
    return "(new_row ->> 'n')::int = " + n;
  }

  /** The states of key a, oldest first. */
  private void awaitStates(String expected) throws Exception {
    Await.until(
        "states of key a are " + expected,
        () ->
            expected.equals(
                db.query(
                        "select string_agg(state, ' ' order by id) from outbox.message where key = 'a'")
                    .get(0)));
  }

  private void awaitNothingOwed() throws Exception {
    Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
  }

  private static int number(String line) {
    return Wire.parse(line).path("new").path("n").asInt();
  }

  private List<Integer> arrived() {
    return receiver.lines().stream().map(Line::text).map(InterventionTest::number).toList();
  }

  /** Both while the relay sleeps: nothing else wakes it. */
  @Test
  void inserted_byHand_isSentAtOnce() throws Exception {
    CompletableFuture<Boolean> asleep = new CompletableFuture<>();
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void asleep() {
            asleep.complete(true);
          }
        };
    try (RunningRelay relay = relay(RelayConfig.DEFAULT_PAGE_SIZE, events)) {
      publish(1, 1, "null");
      awaitNothingOwed();
      asleep.get(SOON.toSeconds(), TimeUnit.SECONDS);
      String insert = "insert into outbox.message (destination, op, new_row, state, due_at) values";
      db.execute(insert + " ('out', 'message', '{\"n\": 2}', 'pending', null)");
      awaitNothingOwed();
      db.execute(insert + " ('out', 'message', '{\"n\": 3}', 'pending', now())");
      awaitNothingOwed();
      db.execute(insert + " ('out', 'message', '{\"n\": 4}', 'retry', now())");
      awaitNothingOwed();
      assertEquals(List.of(1, 2, 3, 4), arrived());
    }
  }

  @Test
  void requeued_whileALaterOneOfItsKeyWaits_letsNoFollowerPass() throws Exception {
    replies.put(1, Reply.nackForGood("no"));
    replies.put(2, LATER);
    try (RunningRelay relay = relay()) {
      publish(1, 1, "'a'");
      awaitStates("failed");
      publish(2, 3, "'a'");
      awaitStates("failed retry held");
      replies.clear();
      db.execute("select outbox.requeue(id) from outbox.message where " + numbered(1));
      awaitStates("held retry held");
      db.execute("update outbox.message set due_at = now() where state = 'retry'");
      db.execute("select outbox.wake('out')");
      awaitNothingOwed();
    }
    assertEquals(List.of(1, 2, 2, 1, 3), arrived());
  }

  @Test
  void heldMadePending_whileTheRelayLags_keepsItsPlace() throws Exception {
    replies.put(1, Reply.nackForGood("no"));
    for (int n = 11; n <= 60; n++) {
      replies.put(n, LATER);
    }
    db.execute("update outbox.destination set on_failure = 'hold'");
    CountDownLatch released = new CountDownLatch(1);
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void released(String destination, String reason) {
            released.countDown();
          }
        };
    try (RunningRelay relay = relay(1, events)) {
      publish(1, 2, "'a'");
      publish(11, 60, "null");
      publish(3, 4, "'a'");
      awaitStates("failed held held held");
      Await.until(
          "all others wait",
          () -> db.count("select count(*) from outbox.message where state = 'retry'") == 50);
      db.execute("select outbox.pause('out')");
      assertTrue(released.await(30, TimeUnit.SECONDS));
      db.execute(
          "update outbox.message set state = 'pending' where state <> 'held' or " + numbered(3));
      replies.clear();
      db.execute("select outbox.resume('out')");
      awaitNothingOwed();
    }
    assertEquals(List.of(1, 1, 2, 3, 4), arrived().stream().filter(n -> n < 11).toList());
  }

  @Test
  void deleted_inFlightAndThenRefused_letsItsKeyGo() throws Exception {
    LateReply late = new LateReply();
    replies.put(1, late);
    try (RunningRelay relay = relay()) {
      publish(1, 1, "'a'");
      receiver.awaitLines(1, SOON);
      publish(2, 3, "'a'");
      db.execute("delete from outbox.message where " + numbered(1));
      late.give(Reply.nack("no"));
      awaitNothingOwed();
    }
    assertEquals(List.of(1, 2, 3), arrived());
  }

  @Test
  void refused_deletedByHand_letsItsKeyGo() throws Exception {
    replies.put(1, LATER);
    try (RunningRelay relay = relay()) {
      publish(1, 2, "'a'");
      awaitStates("retry held");
      db.execute("delete from outbox.message where state = 'retry'");
      awaitNothingOwed();
    }
    assertEquals(List.of(1, 2), arrived());
  }

  @Test
  void refused_setAsideByHand_letsItsKeyGo() throws Exception {
    replies.put(1, LATER);
    try (RunningRelay relay = relay()) {
      publish(1, 2, "'a'");
      awaitStates("retry held");
      db.execute("update outbox.message set state = 'failed' where state = 'retry'");
      awaitStates("failed");
    }
    assertEquals(List.of(1, 2), arrived());
  }

  @Test
  void refused_setAsideByHandOnHold_keepsItsKeyBack() throws Exception {
    replies.put(1, LATER);
    db.execute("update outbox.destination set on_failure = 'hold'");
    try (RunningRelay relay = relay()) {
      publish(1, 2, "'a'");
      awaitStates("retry held");
      db.execute("update outbox.message set state = 'failed' where state = 'retry'");
      replies.clear();
      db.execute("select outbox.requeue_failed('out')");
      awaitNothingOwed();
    }
    assertEquals(List.of(1, 1, 2), arrived());
  }

  @Test
  void discarded_inFlightAndThenRefused_letsItsKeyGo() throws Exception {
    LateReply late = new LateReply();
    replies.put(1, late);
    Discarded discarded = new Discarded(1);
    try (RunningRelay relay = relay(RelayConfig.DEFAULT_PAGE_SIZE, discarded)) {
      publish(1, 1, "'a'");
      receiver.awaitLines(1, SOON);
      publish(2, 3, "'a'");
      db.execute("select outbox.discard(id) from outbox.message where " + numbered(1));
      discarded.await();
      late.give(Reply.nack("no"));
      awaitNothingOwed();
    }
    assertEquals(List.of(1, 2, 3), arrived());
  }

  @Test
  void discarded_beforeItIsSent_isNotSent() throws Exception {
    LateReply late = new LateReply();
    replies.put(1, late);
    db.execute("update outbox.destination set max_in_flight = 1");
    Discarded discarded = new Discarded(2);
    try (RunningRelay relay = relay(RelayConfig.DEFAULT_PAGE_SIZE, discarded)) {
      publish(1, 4, "'a'");
      publish(11, 12, "null");
      receiver.awaitLines(1, SOON);
      for (int n : List.of(2, 11)) {
        db.execute("select outbox.discard(id) from outbox.message where " + numbered(n));
      }
      discarded.await();
      late.give(Reply.ack());
      awaitNothingOwed();
    }
    assertEquals(List.of(1, 3, 4, 12), arrived().stream().sorted().toList());
  }

  @Test
  void truncateDiscarded_beforeItIsSent_letsTheRestGo() throws Exception {
    LateReply late = new LateReply();
    replies.put(1, late);
    db.execute("create table t (n int primary key)");
    db.execute("select outbox.capture('t', 'out', operations => '{insert,truncate}')");
    Discarded discarded = new Discarded(1);
    try (RunningRelay relay = relay(RelayConfig.DEFAULT_PAGE_SIZE, discarded)) {
      db.execute("insert into t values (1)");
      receiver.awaitLines(1, SOON);
      db.execute("truncate t", "insert into t values (2)");
      db.execute("select outbox.discard(id) from outbox.message where op = 'truncate'");
      discarded.await();
      late.give(Reply.ack());
      awaitNothingOwed();
    }
    assertEquals(List.of(1, 2), arrived());
  }

  /** Counts what is noticed as discarded. */
  private static final class Discarded implements RelayEvents {
    private final CountDownLatch left;

    Discarded(int expected) {
      left = new CountDownLatch(expected);
    }

    @Override
    public void discarded(String destination, int messages) {
      for (int i = 0; i < messages; i++) {
        left.countDown();
      }
    }

    void await() throws Exception {
      assertTrue(left.await(30, TimeUnit.SECONDS));
    }
  }
}
