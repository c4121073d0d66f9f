package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.relay.StoppingStore.Stop;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.testing.Wire;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

  /** What the receiver does about a message, by its number; others are acknowledged. */
  private static final Map<Integer, Reply> replies = new ConcurrentHashMap<>();

  private static TestDatabase db;
  private static ScriptedReceiver receiver;
  private static StagedRelay relay;

  private static int lastNumber;

  /** The message that this test is about; its follower has the next number. */
  private int n;

  @BeforeAll
  static void start() throws Exception {
    db = TestDatabase.create();
    receiver =
        ScriptedReceiver.start(line -> replies.getOrDefault(number(line.text()), Reply.ack()));
    db.execute(
        "insert into outbox.destination (name, uri, keep_delivered) values ('out', '"
            + receiver.uri()
            + "', null), ('kept', '"
            + receiver.uri()
            + "', '1 hour')");
    relay = StagedRelay.start(db, Duration.ofHours(1), RelayEvents.NONE);
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

  private void publish(String destination, int number) throws SQLException {
    db.execute(
        "select outbox.publish('" + destination + "', '{\"n\":" + number + "}', 'key " + n + "')");
  }

  private void requeue(int number) throws SQLException {
    assertEquals(
        List.of("t"),
        db.query("select outbox.requeue(id) from outbox.message where " + numbered(number)));
  }

  private static long arrivals(int number) {
    return receiver.lines().stream().map(Line::text).filter(t -> number(t) == number).count();
  }

  private static void awaitArrivals(int number, int times) throws Exception {
    Await.until(times + " arrivals of " + number, () -> arrivals(number) == times);
  }

  private static void awaitNothingOwed() throws Exception {
    Await.until(
        "nothing owed",
        () -> db.count("select count(*) from outbox.message where state <> 'delivered'") == 0);
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

  @ParameterizedTest
  @EnumSource
  void requeued_shownBeforeTheChangeIsHeardOf_isSentAgain(Change change) throws Exception {
    Stop committed = committed(change);
    Stop shown = relay.store.afterShowing("tail");
    requeue(n);
    shown.awaitReached();
    shown.letGoAndAwaitHeard();
    committed.letGo();
    awaitArrivals(n, 2);
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
    awaitArrivals(n, 2);
    awaitNothingOwed();
  }
}
