// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import dev.outboxrelay.testing.Wire;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One message of a thousand that its receiver does not survive. */
@Tag("alone")
@Timeout(180)
final class PoisonTest {
  private static final int MESSAGES = 1_000;
  private static final int POISON = 500;
  private static final Duration FOUND_WITHIN = Duration.ofSeconds(90);
  private static final String[] SETTINGS = {
    "max_attempts = 3",
    "retry_initial = '50 ms'",
    "retry_max = '200 ms'",
    "ack_timeout = '1 s'",
    "keep_delivered = '1 hour'"
  };

  @Test
  void poison_resettingItsConnection_isSetAsideAndNoNeighbourIsCharged() throws Exception {
    try (ScriptedReceiver receiver =
        ScriptedReceiver.start(line -> isPoison(line) ? Reply.cut() : Reply.ack())) {
      onlyThePoisonFails(receiver);
    }
  }

  @Test
  void poison_hangingItsReceiver_isSetAsideAndNoNeighbourIsCharged() throws Exception {
    Set<Integer> hanging = ConcurrentHashMap.newKeySet();
    try (ScriptedReceiver receiver =
        ScriptedReceiver.start(
            line -> {
              if (isPoison(line)) {
                hanging.add(line.connection());
              }
              return hanging.contains(line.connection()) ? Reply.silence() : Reply.ack();
            })) {
      onlyThePoisonFails(receiver);
    }
  }

  private static void onlyThePoisonFails(ScriptedReceiver receiver) throws Exception {
    try (Stage stage = Stage.open()) {
      stage.destination("victim", receiver.uri(), SETTINGS);
      stage.publish("victim", 1, MESSAGES, "'key ' || n");
      stage.relay("only");
      stage.await(
          "select count(*) from outbox.message where state = 'delivered'",
          Integer.toString(MESSAGES - 1),
          FOUND_WITHIN);
      stage.await("select count(*) from outbox.failed", "1", FOUND_WITHIN);
      assertEquals(
          List.of(Integer.toString(POISON)),
          stage.database.query(
              "select new_row ->> 'n' from outbox.message where state = 'failed'"));
      assertEquals(
          List.of("3"),
          stage.database.query("select attempts from outbox.message where state = 'failed'"));
      assertEquals(
          0,
          stage.database.count(
              "select count(*) from outbox.message where state = 'delivered' and attempts > 0"),
          "neighbours that were charged an attempt");
      Set<Integer> arrived =
          receiver.lines().stream().map(PoisonTest::number).collect(Collectors.toSet());
      assertEquals(MESSAGES, arrived.size());
    }
  }

  private static boolean isPoison(Line line) {
    return number(line) == POISON;
  }

  private static int number(Line line) {
    return Wire.parse(line.text()).path("new").path("n").asInt();
  }
}
