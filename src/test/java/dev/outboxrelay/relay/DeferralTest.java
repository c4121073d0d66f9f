// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Destinations that take no more at the moment, or nothing until a person has looked. */
final class DeferralTest {
  private static final String STATUS =
      "select paused || ' ' || (down_since is not null) || ' ' || pending || ' ' || last_error"
          + " from outbox.status where destination = 'out'";

  private final List<String> acked = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger sendings = new AtomicInteger();

  private TestDatabase db;
  private Relay relay;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    db.execute(
        "insert into outbox.destination (name, uri, retry_initial, retry_max, keep_delivered)"
            + " values ('out', 'tcp://h:1', '10 ms', '20 ms', '1 hour')");
  }

  @AfterEach
  void tearDown() throws Exception {
    relay.stop();
    db.close();
  }

  /** Answers each message at once, by what the test says of its n-th sending, from 1. */
  private final class Answering implements Transport {
    private final BiFunction<Integer, Message, Answer> answers;

    Answering(BiFunction<Integer, Message, Answer> answers) {
      this.answers = answers;
    }

    @Override
    public Sink connect(Destination destination, SinkListener listener) {
      listener.connected();
      return new Sink() {
        @Override
        public void send(List<Message> messages) {
          for (Message message : messages) {
            Answer answer = answers.apply(sendings.incrementAndGet(), message);
            if (answer instanceof Answer.Acked) {
              acked.add(new String(message.body(), java.nio.charset.StandardCharsets.UTF_8));
            }
            listener.answered(List.of(answer));
          }
        }

        @Override
        public void close(String reason) {}
      };
    }

    @Override
    public void close() {}
  }

  private void start(BiFunction<Integer, Message, Answer> answers) throws Exception {
    relay = new Relay(RunningRelay.config(db, "test"), new Answering(answers), RelayEvents.NONE);
    relay.start();
  }

  private static Answer acked(Message m) {
    return new Answer.Acked(m.id(), m.stamp());
  }

  @Test
  void deferred_messages_areSentAgainInOrderAndNobodyIsCharged() throws Exception {
    db.execute(
        "select outbox.publish('out', to_json(i), key => (i % 3)::text) from"
            + " generate_series(1, 60) i");
    start(
        (n, m) ->
            n % 4 == 0 ? acked(m) : new Answer.Deferred(m.id(), m.stamp(), "429 slow down", null));
    Await.until(
        "delivered",
        () -> db.count("select count(*) from outbox.message where state = 'delivered'") == 60);
    assertEquals(0, db.count("select count(*) from outbox.message where attempts > 0"));
    assertEquals(
        List.of("takes no more at the moment: 429 slow down"),
        db.query("select last_error from outbox.status"));
    for (int key = 0; key < 3; key++) {
      String named = "\"key\":\"" + key + "\"";
      List<Integer> seen =
          acked.stream()
              .filter(body -> body.contains(named))
              .map(body -> Integer.valueOf(body.replaceAll(".*\"new\":(\\d+).*", "$1").trim()))
              .toList();
      assertEquals(seen.stream().sorted().toList(), seen);
      assertEquals(20, seen.size());
    }
  }

  @Test
  void deferred_forAWhileThatWasAskedFor_restsSoLongAndSaysWhy() throws Exception {
    db.execute("select outbox.publish('out', '1', key => 'a')");
    start((n, m) -> new Answer.Deferred(m.id(), m.stamp(), "503 busy", Duration.ofMinutes(5)));
    Await.until(
        "told",
        () ->
            db.query(STATUS).equals(List.of("false true 1 takes no more at the moment: 503 busy")));
    db.execute("select outbox.publish('out', '2', key => 'a')", "select outbox.wake('out')");
    Await.until("both owed", () -> db.count("select pending from outbox.status") == 2);
    assertEquals(1, sendings.get());
  }

  @Test
  void destination_thatIsGone_isPausedWithItsWordsUntilAPersonResumesIt() throws Exception {
    db.execute("select outbox.publish('out', to_json(i)) from generate_series(1, 3) i");
    start((n, m) -> n <= 3 ? new Answer.Paused(m.id(), m.stamp(), "410 gone for good") : acked(m));
    Await.until("paused", () -> db.count("select count(*) from outbox.status where paused") == 1);
    Await.until(
        "told",
        () ->
            db.query(STATUS)
                .equals(
                    List.of("true false 3 paused, as its receiver has asked: 410 gone for good")));
    db.execute("select outbox.resume('out')");
    Await.until(
        "delivered",
        () ->
            db.count(
                    "select count(*) from outbox.message where state = 'delivered' and attempts = 0")
                == 3);
  }

  @Test
  void budget_everythingRefused_costsItsShareAndOneStatementSendsThatAgain() throws Exception {
    db.execute(
        "update outbox.destination set failure_budget = 0.5, failure_budget_answers = 20",
        "select outbox.publish('out', to_json(i), key => i::text) from"
            + " generate_series(1, 3000) i");
    AtomicBoolean mended = new AtomicBoolean();
    start(
        (n, m) ->
            mended.get() ? acked(m) : new Answer.Nacked(m.id(), m.stamp(), "broken", false, null));
    Await.until("paused", () -> db.count("select count(*) from outbox.status where paused") == 1);
    Await.until("failed", () -> db.count("select failed from outbox.status") == 10);
    assertEquals(2990, db.count("select pending from outbox.status"));
    assertEquals(0, db.count("select count(*) from outbox.message where state = 'retry'"));
    String told = db.query("select last_error from outbox.status").get(0);
    assertTrue(
        told.startsWith(
            "paused, 10 of its last 20 answers were refusals, failure_budget allows no more, and"
                + " it refused: broken; once that is mended: "),
        told);
    assertEquals(
        List.of("warning true"),
        db.query(
            "select severity || ' ' || (finding like '%broken%') from outbox.doctor()"
                + " where check_name = 'destination paused'"));
    mended.set(true);
    db.execute(told.substring(told.indexOf("select outbox.requeue_failed(")));
    Await.until(
        "delivered",
        () -> db.count("select count(*) from outbox.message where state = 'delivered'") == 3000);
    assertEquals(3000, acked.size());
    assertEquals(1, db.count("select count(*) from outbox.status where last_error is null"));
  }

  @Test
  void budget_fewRefusals_areSetAsideAndItGoesOn() throws Exception {
    db.execute(
        "update outbox.destination set failure_budget = 0.5, failure_budget_answers = 20",
        "select outbox.publish('out', to_json(i)) from generate_series(1, 200) i");
    start(
        (n, m) -> n % 3 == 0 ? new Answer.Nacked(m.id(), m.stamp(), "bad", false, null) : acked(m));
    Await.until(
        "settled",
        () ->
            db.count("select count(*) from outbox.message where state in ('failed', 'delivered')")
                == 200);
    assertEquals(66, db.count("select failed from outbox.status where not paused"));
  }

  @Test
  void rate_backlog_isSentNoFasterThanItSays() throws Exception {
    db.execute(
        "update outbox.destination set max_rate = 100",
        "select outbox.publish('out', to_json(i)) from generate_series(1, 100) i");
    List<Long> sent = Collections.synchronizedList(new ArrayList<>());
    start(
        (n, m) -> {
          sent.add(System.nanoTime());
          return acked(m);
        });
    Await.until(
        "delivered",
        () -> db.count("select count(*) from outbox.message where state = 'delivered'") == 100);
    // At even distances 99 of them would take 990 ms; for a moment's worth may be made up.
    assertTrue(sent.get(99) - sent.get(0) > Duration.ofMillis(900).toNanos(), sent.toString());
  }

  @Test
  void keyHeld_thenReleased_keepsItsPlaceWhileOthersGo() throws Exception {
    db.execute(
        "select outbox.hold_key('out', 'a', reason => 'wrong price')",
        "select outbox.publish('out', to_json(i), key => case i % 2 when 0 then 'a' else 'b' end)"
            + " from generate_series(1, 20) i");
    start((n, m) -> acked(m));
    Await.until("others", () -> acked.size() == 10);
    db.execute("select outbox.publish('out', '22', key => 'a')");
    Await.until("held", () -> db.count("select held from outbox.status") == 11);
    assertEquals(10, acked.size());
    assertEquals(
        List.of("1 true"),
        db.query("select held_keys || ' ' || (stalled_since is null) from outbox.status"));
    db.execute("select outbox.release_key('out', 'a')");
    Await.until("all", () -> acked.size() == 21);
    List<String> news =
        acked.stream()
            .filter(body -> body.contains("\"key\":\"a\""))
            .map(body -> body.replaceAll(".*\"new\":(\\d+).*", "$1").trim())
            .toList();
    assertEquals(List.of("2", "4", "6", "8", "10", "12", "14", "16", "18", "20", "22"), news);
  }

  @Test
  void keyHeldWhileItsHeadIsRetried_isNotSentUntilItIsReleased() throws Exception {
    db.execute(
        "update outbox.destination set max_attempts = 1000",
        "select outbox.publish('out', to_json(i), key => 'a') from generate_series(1, 3) i");
    AtomicBoolean held = new AtomicBoolean();
    AtomicInteger sentWhileHeld = new AtomicInteger();
    start(
        (n, m) -> {
          if (held.get()) {
            sentWhileHeld.incrementAndGet();
          }
          return new Answer.Nacked(m.id(), m.stamp(), "not yet", true, null);
        });
    Await.until("refused", () -> db.count("select retry from outbox.status") == 1);
    long epoch = db.count("select epoch from outbox.status");
    db.execute("select outbox.hold_key('out', 'a')", "select outbox.publish('out', '0', 'b')");
    // Whatever was on its way is answered when the destination is taken over with the new settings.
    Await.until("heard", () -> db.count("select epoch from outbox.status") > epoch);
    held.set(true);
    Await.until(
        "another key goes on",
        () ->
            db.count("select coalesce(max(attempts), 0) from outbox.message where key = 'b'") > 5);
    int others = sentWhileHeld.get();
    assertEquals(
        0, db.count("select count(*) from outbox.message where key = 'a' and state = 'pending'"));
    long attempts = db.count("select max(attempts) from outbox.message where key = 'a'");
    Await.until("still", () -> sentWhileHeld.get() > others + 5);
    assertEquals(attempts, db.count("select max(attempts) from outbox.message where key = 'a'"));
    db.execute("select outbox.release_key('out', 'a')");
    Await.until(
        "goes on",
        () -> db.count("select max(attempts) from outbox.message where key = 'a'") > attempts);
  }

  @Test
  void message_thatWasNotSentInTime_isSetAsideAndItsKeyGoesOn() throws Exception {
    db.execute(
        "select outbox.publish('out', '1', key => 'a', expire_at => now() - interval '1 second')",
        "select outbox.publish('out', '2', key => 'a', expire_at => now() + interval '1 hour')",
        "select outbox.publish('out', '3', key => 'a')");
    start((n, m) -> acked(m));
    Await.until("two", () -> acked.size() == 2);
    assertEquals(
        List.of("1 expired: it was not sent before its time was over 0"),
        db.query("select new_row || ' ' || last_error || ' ' || attempts from outbox.failed"));
    db.execute("select outbox.requeue(id) from outbox.failed");
    Await.until("three", () -> acked.size() == 3);
  }

  @Test
  void message_thatExpiresWhileTheReceiverRests_isNotSentAfterwards() throws Exception {
    db.execute(
        "select outbox.publish('out', '1', key => 'a', expire_at => now() + interval '2 seconds')",
        "select outbox.publish('out', '2', key => 'b')");
    start(
        (n, m) ->
            n <= 2
                ? new Answer.Deferred(m.id(), m.stamp(), "busy", Duration.ofSeconds(3))
                : acked(m));
    Await.until("other", () -> acked.size() == 1);
    Await.until("aside", () -> db.count("select failed from outbox.status") == 1);
    assertEquals(1, acked.size());
  }
}
