// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import dev.outboxrelay.testing.Wire;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Failing messages, their followers, and everybody else; and what an operator does about it. */
@Tag("alone")
@Timeout(120)
final class OrderTest {
  private static Stage stage;

  @BeforeAll
  static void start() throws Exception {
    stage = Stage.open();
    stage.relay("only");
  }

  @AfterAll
  static void stop() throws Exception {
    stage.close();
  }

  @Test
  void followers_ofARefusedMessage_areHeldAndComeInOrderAfterIt() throws Exception {
    AtomicBoolean refusing = new AtomicBoolean(true);
    try (ScriptedReceiver receiver =
        ScriptedReceiver.start(
            line ->
                refusing.get() && number(line) == 1 ? Reply.nack("not this one") : Reply.ack())) {
      stage.destination(
          "behind", receiver.uri(), "retry_initial = '100 ms'", "retry_max = '200 ms'");
      stage.publish("behind", 1, 3, "'a'");
      stage.publish("behind", 11, 13, "'b'");
      stage.await(states("behind"), "retry held held", Stage.SOON);
      receiver.await(
          lines -> numbers(lines).containsAll(List.of(11, 12, 13)), Stage.SOON, () -> "key b");
      refusing.set(false);
      stage.awaitNothingOwed("behind", Stage.SOON);
      assertEquals(List.of(1, 2, 3), firsts(receiver.lines(), 3));
    }
  }

  @Test
  void followers_ofAFailedMessage_flowOnSkipAndStayOnHoldUntilRequeued() throws Exception {
    AtomicBoolean refusing = new AtomicBoolean(true);
    try (ScriptedReceiver receiver =
        ScriptedReceiver.start(
            line ->
                refusing.get() && number(line) == 1
                    ? Reply.nackForGood("never this one")
                    : Reply.ack())) {
      stage.destination("skips", receiver.uri());
      stage.destination("holds", receiver.uri(), "on_failure = 'hold'");
      stage.publish("skips", 1, 2, "'a'");
      stage.await(states("skips"), "failed", Stage.SOON);
      stage.database.execute("select outbox.discard(id) from outbox.failed");

      stage.publish("holds", 1, 3, "'a'");
      stage.await(states("holds"), "failed held held", Stage.SOON);
      assertEquals(
          "never this one", stage.database.query("select last_error from outbox.failed").get(0));
      refusing.set(false);
      stage.database.execute("update outbox.message set state = 'pending' where state = 'failed'");
      stage.awaitNothingOwed("holds", Stage.SOON);
      List<Line> lines = receiver.lines();
      assertEquals(List.of(1, 2, 3), numbers(lines.subList(lines.size() - 3, lines.size())));
    }
  }

  @Test
  void message_refusedForAWhile_comesAgainNotBefore() throws Exception {
    AtomicBoolean refused = new AtomicBoolean();
    try (ScriptedReceiver receiver =
        ScriptedReceiver.start(
            line ->
                refused.compareAndSet(false, true)
                    ? Reply.nackFor(Duration.ofMillis(1_500))
                    : Reply.ack())) {
      stage.destination("later", receiver.uri(), "retry_initial = '10 ms'");
      stage.publish("later", 1, 1, "'a'");
      List<Line> lines = receiver.awaitLines(2, Stage.SOON);
      long gap = lines.get(1).nanos() - lines.get(0).nanos();
      assertTrue(
          gap >= TimeUnit.MILLISECONDS.toNanos(1_450), "came again after " + gap / 1_000_000);
    }
  }

  @Test
  void message_toBeDeliveredLater_comesWhenItIsDueAndNotBefore() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start()) {
      stage.destination("due", receiver.uri());
      stage.await(
          "select owner is not null from outbox.status where destination = 'due'", "t", Stage.SOON);
      long from = System.nanoTime();
      stage.database.execute(
          "select outbox.publish('due', '{\"n\":2}', null, null, null, clock_timestamp() + interval"
              + " '2 s')",
          "select outbox.publish('due', '{\"n\":1}')");
      List<Line> lines = receiver.awaitLines(2, Stage.SOON);
      assertEquals(List.of(1, 2), numbers(lines));
      assertTrue(lines.get(1).nanos() - from >= TimeUnit.MILLISECONDS.toNanos(1_990));
    }
  }

  @Test
  void destination_paused_getsNothingUntilResumedAndThenAtOnce() throws Exception {
    try (ScriptedReceiver receiver = ScriptedReceiver.start()) {
      stage.destination("paused", receiver.uri());
      stage.publish("paused", 1, 1, "'a'");
      receiver.awaitLines(1, Stage.SOON);
      stage.database.execute("select outbox.pause('paused')");
      // Whatever was on its way when the pause was committed has had its time.
      Stage.pause(Duration.ofSeconds(1));
      stage.publish("paused", 2, 2, "'a'");
      Stage.pause(Duration.ofSeconds(1));
      assertEquals(1, receiver.count());
      long from = System.nanoTime();
      stage.database.execute("select outbox.resume('paused')");
      List<Line> lines = receiver.awaitLines(2, Stage.SOON);
      assertTrue(lines.get(1).nanos() - from < TimeUnit.SECONDS.toNanos(5), "resumed at once");
    }
  }

  /** The states of the messages of key a, oldest first. */
  private static String states(String destination) {
    return "select string_agg(state, ' ' order by id) from outbox.message where key = 'a'"
        + " and destination = '"
        + destination
        + "'";
  }

  private static int number(Line line) {
    return Wire.parse(line.text()).path("new").path("n").asInt();
  }

  private static List<Integer> numbers(List<Line> lines) {
    return lines.stream().map(OrderTest::number).toList();
  }

  /**
   * The numbers up to this one in the order in which each came for the first time after refusals.
   */
  private static List<Integer> firsts(List<Line> lines, int upTo) {
    return numbers(lines).stream().filter(n -> n <= upTo).distinct().toList();
  }
}
