// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.relay.StoppingStore.Stop;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.LateReply;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.testing.Wire;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a person does at each moment of a state change that the relay makes itself: before it is
 * committed, when it is and the relay has not heard of that, and when it has heard while a read is
 * under way that shows what the person did. No sweep runs: what is not noticed at once is lost.
 */
final class MomentsTest {
  private static final Reply LATER = Reply.nackFor(Duration.ofHours(1));

  /** A state change that leaves the row in the table. */
  private enum Change {
    RETRY("retry", LATER, "out"),
    FAIL("fail", Reply.nackForGood("no"), "out"),
    KEEP("complete", Reply.ack(), "kept");

    /** The relay's call to the database. */
    final String call;

    final Reply reply;
    final String destination;

    Change(String call, Reply reply, String destination) {
      this.call = call;
      this.reply = reply;
      this.destination = destination;
    }
  }

  /** What keeps a message from being sent. */
  private enum Act {
    DISCARD("select outbox.discard(id) from outbox.message where "),
    DELETE("delete from outbox.message where "),
    TRUNCATE("truncate outbox.pending, outbox.parked -- "),
    SET_ASIDE("update outbox.message set state = 'failed' where "),
    MARK_DELIVERED("update outbox.message set state = 'delivered' where "),
    PUT_OFF("update outbox.message set due_at = now() + interval '1 hour' where "),
    MOVE("update outbox.message set destination = 'paused' where ");

    private final String sql;

    Act(String sql) {
      this.sql = sql;
    }

    void on(int number) throws SQLException {
      db.execute(sql + numbered(number));
    }
  }

  /** What the receiver does about a message, by its number; others are acknowledged. */
  private static final Map<Integer, Reply> replies = new ConcurrentHashMap<>();

  private static TestDatabase db;
  private static ScriptedReceiver receiver;
  private static StagedRelay relay;

  private static int lastNumber;

  /** The message that this test is about; others of the test have the next numbers. */
  private int n;

  @BeforeAll
  static void start() throws Exception {
    db = TestDatabase.create();
    receiver =
        ScriptedReceiver.start(line -> replies.getOrDefault(number(line.text()), Reply.ack()));
    db.execute(
        "insert into outbox.destination (name, uri) select n, '"
            + receiver.uri()
            + "' from unnest('{out,kept,hold,slow,cut,paused}'::text[]) n",
        "update outbox.destination set keep_delivered = '1 hour' where name = 'kept'",
        "update outbox.destination set on_failure = 'hold' where name = 'hold'",
        "update outbox.destination set max_in_flight = 1 where name = 'slow'",
        "update outbox.destination set paused = true where name = 'paused'",
        "create table t (n int)",
        "select outbox.capture('t', 'cut', operations => '{insert,truncate}')");
    relay = StagedRelay.start(db, Duration.ofHours(1), RelayEvents.NONE);
    publish("out", 0, "null");
    Await.until("the relay delivers", () -> hasArrived(0));
  }

  private static boolean hasArrived(int number) {
    return receiver.lines().stream().anyMatch(line -> number(line.text()) == number);
  }

  @AfterAll
  static void stop() throws Exception {
    relay.close();
    receiver.close();
    db.close();
  }

  @BeforeEach
  void take() {
    n = lastNumber + 1;
    lastNumber += 10;
  }

  @AfterEach
  void clear() throws Exception {
    relay.store.clear();
    replies.clear();
    db.execute("delete from outbox.message");
  }

  private static int number(String line) {
    return Wire.parse(line).path("new").path("n").asInt();
  }

  private static String numbered(int n) {
    return "(new_row ->> 'n')::int = " + n;
  }

  /** All messages of a test have one key. */
  private void publish(String destination, int number) throws SQLException {
    publish(destination, number, "'key " + n + "'");
  }

  private static void publish(String destination, int number, String key) throws SQLException {
    db.execute(
        "select outbox.publish('" + destination + "', '{\"n\":" + number + "}', " + key + ")");
  }

  private static void requeue(int number) throws SQLException {
    assertEquals(
        List.of("t"),
        db.query("select outbox.requeue(id) from outbox.message where " + numbered(number)));
  }

  private static void makeDue(int number) throws SQLException {
    db.execute("update outbox.message set due_at = now() where " + numbered(number));
  }

  private List<Integer> arrived() {
    return receiver.lines().stream()
        .map(Line::text)
        .map(MomentsTest::number)
        .filter(number -> number >= n && number < n + 10)
        .toList();
  }

  private void awaitArrived(Integer... numbers) throws Exception {
    Await.until(
        List.of(numbers) + " have come, not " + arrived(),
        () -> arrived().equals(List.of(numbers)));
  }

  private static void awaitNothingOwed() throws Exception {
    Await.until(
        "nothing owed",
        () ->
            db.count(
                    "select count(*) from outbox.message where state in ('pending', 'retry', 'held')")
                == 0);
  }

  private static void awaitState(String state, int number) throws Exception {
    Await.until(
        number + " is " + state,
        () ->
            db.query("select state from outbox.message where " + numbered(number))
                .equals(List.of(state)));
  }

  /** The change is committed, and the relay has not heard of it. */
  private Stop committed(Change change) throws Exception {
    replies.put(n, change.reply);
    Stop committed = relay.store.after(change.call);
    publish(change.destination, n);
    committed.awaitReached();
    replies.clear();
    return committed;
  }

  /** Does something that the relay is told of, and waits until it has heard. */
  private static void told(Telling act) throws Exception {
    Stop due = relay.store.after("nextDueMillis");
    act.run();
    db.execute("select outbox.wake()"); // for lanes that do not read just now
    due.awaitReached();
    due.letGoAndAwaitHeard();
  }

  /**
   * The look that sees what was done to this message stops. Others may come before: what the test
   * before this one has cleared away is told of late.
   */
  private static Stop afterSeeing(int number) throws SQLException {
    long id = db.count("select id from outbox.message where " + numbered(number));
    return relay.store.after(
        "fates", result -> result instanceof Map<?, ?> fates && fates.containsKey(id));
  }

  private interface Telling {
    void run() throws Exception;
  }

  // What is owed again. ---------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  void requeued_shownBeforeTheChangeIsHeardOf_isSentAgain(Change change) throws Exception {
    Stop committed = committed(change);
    Stop shown = relay.store.afterShowing("tail");
    requeue(n);
    shown.awaitReached();
    shown.letGoAndAwaitHeard();
    committed.letGo();
    awaitArrived(n, n);
    awaitNothingOwed();
  }

  @ParameterizedTest
  @EnumSource
  void requeued_shownWhenTheChangeHasBeenHeardOf_isSentAgain(Change change) throws Exception {
    Stop committed = committed(change);
    Stop shown = relay.store.afterShowing("tail");
    requeue(n);
    shown.awaitReached();
    committed.letGoAndAwaitHeard();
    shown.letGo();
    awaitArrived(n, n);
    awaitNothingOwed();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void dueMadeNow_beforeTheRetryIsHeardOf_isSentAgain(boolean shownFirst) throws Exception {
    Stop committed = committed(Change.RETRY);
    Stop shown = relay.store.afterShowing("due");
    makeDue(n);
    shown.awaitReached();
    if (shownFirst) {
      shown.letGoAndAwaitHeard();
      committed.letGo();
    } else {
      committed.letGoAndAwaitHeard();
      shown.letGo();
    }
    awaitArrived(n, n);
    awaitNothingOwed();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void heldOneSetAsideAndRequeued_beforeTheHoldIsHeardOf_keepsItsPlace(boolean shownFirst)
      throws Exception {
    LateReply late = new LateReply();
    replies.put(n, late);
    publish("out", n);
    publish("out", n + 1);
    late.awaitAsked();
    Stop held = relay.store.after("hold");
    late.give(LATER);
    held.awaitReached();
    replies.clear();
    Stop shown = relay.store.afterShowing("tail");
    Act.SET_ASIDE.on(n + 1);
    requeue(n + 1);
    shown.awaitReached();
    if (shownFirst) {
      shown.letGoAndAwaitHeard();
      held.letGo();
    } else {
      held.letGoAndAwaitHeard();
      shown.letGo();
    }
    awaitState("held", n + 1);
    makeDue(n);
    awaitArrived(n, n, n + 1);
    awaitNothingOwed();
  }

  /** The refusal is of what was owed before: what is owed now is tried anew. */
  @ParameterizedTest
  @ValueSource(strings = {"retry", "fail"})
  void requeued_inFlightAndThenRefused_isSentAgain(String call) throws Exception {
    LateReply late = new LateReply();
    replies.put(n, Reply.nackFor(Duration.ZERO));
    Stop retry = relay.store.after("retry");
    publish("out", n);
    retry.awaitReached();
    replies.put(n, late);
    retry.letGo();
    late.awaitAsked();
    requeue(n);
    replies.clear();
    late.give(call.equals("retry") ? LATER : Reply.nackForGood("no"));
    awaitArrived(n, n, n);
    awaitNothingOwed();
    assertEquals(0, db.count("select count(*) from outbox.message"), "not set aside");
  }

  @Test
  void requeued_whileThePauseWaitsForTheRefusal_isSentOnResume() throws Exception {
    Stop committed = committed(Change.RETRY);
    db.execute("select outbox.pause('out')");
    requeue(n);
    committed.letGo();
    db.execute("select outbox.resume('out')");
    awaitArrived(n, n);
    awaitNothingOwed();
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "now()"})
  void publishedForLater_dueTimeChanged_isSent(String due) throws Exception {
    db.execute(
        "select outbox.publish('out', '{\"n\":"
            + n
            + "}', deliver_at => now() + interval '1 hour')");
    told(() -> {});
    db.execute("update outbox.message set due_at = " + due + " where " + numbered(n));
    awaitArrived(n);
    awaitNothingOwed();
  }

  @Test
  void heldOne_putOff_goesWithItsKey() throws Exception {
    replies.put(n, LATER);
    publish("out", n);
    awaitState("retry", n);
    publish("out", n + 1);
    awaitState("held", n + 1);
    Act.PUT_OFF.on(n + 1);
    replies.clear();
    makeDue(n);
    awaitArrived(n, n, n + 1);
    awaitNothingOwed();
  }

  // What is not to be sent any more. --------------------------------------------------------------

  private static List<Act> acts() {
    return List.of(Act.values());
  }

  @ParameterizedTest
  @MethodSource("acts")
  void taken_whileItWaitsInMemory_isNotSent(Act act) throws Exception {
    LateReply late = new LateReply();
    replies.put(n, late);
    publish("slow", n, "null");
    publish("slow", n + 1, "null");
    late.awaitAsked();
    Stop looked = afterSeeing(n + 1);
    act.on(n + 1);
    looked.awaitReached();
    looked.letGoAndAwaitHeard();
    late.give(Reply.ack());
    publish("slow", n + 2, "null");
    awaitArrived(n, n + 2);
  }

  @ParameterizedTest
  @MethodSource("acts")
  void taken_whileAReadIsUnderWayThatShowsIt_isNotSent(Act act) throws Exception {
    LateReply late = new LateReply();
    replies.put(n, late);
    publish("slow", n, "null");
    late.awaitAsked();
    Stop shown = relay.store.afterShowing("tail");
    publish("slow", n + 1, "null");
    shown.awaitReached();
    Stop looked = afterSeeing(n + 1);
    told(() -> act.on(n + 1));
    shown.letGoAndAwaitHeard();
    looked.awaitReached();
    looked.letGoAndAwaitHeard();
    late.give(Reply.ack());
    publish("slow", n + 2, "null");
    awaitArrived(n, n + 2);
  }

  @Test
  void putOffInMemoryAndBack_isSent() throws Exception {
    LateReply late = new LateReply();
    replies.put(n, late);
    publish("slow", n, "null");
    publish("slow", n + 1, "null");
    late.awaitAsked();
    Stop looked = afterSeeing(n + 1);
    Act.PUT_OFF.on(n + 1);
    looked.awaitReached();
    looked.letGoAndAwaitHeard();
    late.give(Reply.ack());
    publish("slow", n + 2, "null");
    awaitArrived(n, n + 2);
    db.execute("update outbox.message set due_at = null");
    awaitArrived(n, n + 2, n + 1);
    awaitNothingOwed();
  }

  private static Stream<Arguments> endings() {
    List<Arguments> all = new ArrayList<>();
    for (boolean before : new boolean[] {true, false}) {
      for (String call : List.of("retry", "fail")) {
        for (Act act : List.of(Act.DISCARD, Act.DELETE, Act.SET_ASIDE, Act.MARK_DELIVERED)) {
          for (String destination : List.of("out", "hold")) {
            all.add(Arguments.of(before, call, act, destination));
          }
        }
      }
    }
    return all.stream();
  }

  /** Whatever becomes of the head, its followers go when nothing holds them, and only then. */
  @ParameterizedTest
  @MethodSource("endings")
  void headTaken_asItsRefusalIsMarked_followersGoUnlessItHoldsThem(
      boolean before, String call, Act act, String destination) throws Exception {
    LateReply late = new LateReply();
    replies.put(n, late);
    publish(destination, n);
    publish(destination, n + 1);
    late.awaitAsked();
    Stop marking = before ? relay.store.before(call) : relay.store.after(call);
    late.give(call.equals("retry") ? LATER : Reply.nackForGood("no"));
    marking.awaitReached();
    replies.clear();
    told(() -> act.on(n));
    marking.letGo();
    if (act == Act.SET_ASIDE && destination.equals("hold")) {
      awaitState("held", n + 1);
      awaitState("failed", n);
      requeue(n);
      awaitArrived(n, n, n + 1);
    } else {
      awaitArrived(n, n + 1);
    }
    awaitNothingOwed();
  }

  /** It blocks its key as if the receiver had refused it for good. */
  @Test
  void setAsideOnHold_whileItWaitsInMemory_holdsItsKey() throws Exception {
    LateReply late = new LateReply();
    replies.put(n, late);
    for (int i = 0; i < 4; i++) {
      publish("hold", n + i);
    }
    late.awaitAsked();
    Stop looked = afterSeeing(n + 1);
    Act.SET_ASIDE.on(n + 1);
    looked.awaitReached();
    looked.letGoAndAwaitHeard();
    late.give(Reply.ack());
    awaitState("held", n + 3);
    awaitState("held", n + 2);
    requeue(n + 1);
    awaitArrived(n, n + 1, n + 2, n + 3);
    awaitNothingOwed();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void truncateDiscarded_asItsRefusalIsMarked_letsTheRestGo(boolean before) throws Exception {
    replies.put(0, LATER);
    Stop marking = before ? relay.store.before("retry") : relay.store.after("retry");
    db.execute("truncate t", "insert into t values (" + n + ")");
    marking.awaitReached();
    told(() -> db.execute("select outbox.discard(id) from outbox.message where op = 'truncate'"));
    marking.letGo();
    awaitArrived(n);
    awaitNothingOwed();
  }

  /** What blocks is read before anything else is: by then it may not stand any more. */
  @ParameterizedTest
  @EnumSource(names = {"DISCARD", "DELETE", "SET_ASIDE", "MARK_DELIVERED"})
  void headTaken_whileWhatBlocksIsBeingRead_followersGo(Act act) throws Exception {
    replies.put(n, LATER);
    publish("out", n);
    awaitState("retry", n);
    publish("out", n + 1);
    awaitState("held", n + 1);
    Stop parked = relay.store.afterShowing("parked");
    db.execute("update outbox.destination set max_attempts = max_attempts + 1 where name = 'out'");
    parked.awaitReached();
    told(() -> act.on(n));
    parked.letGo();
    awaitArrived(n, n + 1);
    awaitNothingOwed();
  }

  @Test
  void truncateDiscarded_whileWhatBlocksIsBeingRead_letsTheRestGo() throws Exception {
    replies.put(0, LATER);
    db.execute("truncate t", "insert into t values (" + n + ")");
    Await.until(
        "refused",
        () -> db.count("select count(*) from outbox.message where state = 'retry'") == 1);
    Stop parked = relay.store.after("refusedTruncates");
    db.execute("update outbox.destination set max_attempts = max_attempts + 1 where name = 'cut'");
    parked.awaitReached();
    told(() -> db.execute("select outbox.discard(id) from outbox.message where op = 'truncate'"));
    parked.letGo();
    awaitArrived(n);
    awaitNothingOwed();
  }
}
