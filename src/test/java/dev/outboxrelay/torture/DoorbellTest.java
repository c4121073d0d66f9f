// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.Wire;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * No message waits for the sweep, which is put off for an hour here: not one committed while the
 * relay sleeps, and not one committed while it falls asleep.
 */
@Tag("alone")
@Timeout(240)
final class DoorbellTest {
  private static final int ROUNDS = 12;
  private static final int BURST = 30;
  private static final Duration PROMPT = Duration.ofSeconds(8);

  @Test
  void message_committedWhileTheRelayFallsAsleepOrSleeps_arrivesWithoutTheSweep() throws Exception {
    Map<Integer, Long> arrived = new ConcurrentHashMap<>();
    Random random = new Random(7);
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver =
            ScriptedReceiver.startKeepingNothing(
                line -> {
                  arrived.put(Wire.parse(line.text()).path("new").path("n").asInt(), line.nanos());
                  return Reply.ack();
                })) {
      stage.destination("d", receiver.uri());
      stage.relay("only", "--sweep", "1h");
      stage.awaitOwners();
      int n = 0;
      try (Connection connection = stage.database.connect();
          Statement statement = connection.createStatement()) {
        for (int round = 0; round < ROUNDS; round++) {
          // Rings in quick succession keep the relay awake: writers need not ring then.
          for (int i = 0; i < BURST; i++) {
            publish(statement, ++n);
          }
          connection.setAutoCommit(false);
          publish(statement, ++n);
          Stage.pause(Duration.ofMillis(random.nextInt(300)));
          connection.commit();
          connection.setAutoCommit(true);
          awaitArrival(arrived, n);
          Stage.pause(Duration.ofMillis(50 + random.nextInt(200)));
          // Alone, after silence.
          publish(statement, ++n);
          awaitArrival(arrived, n);
        }
      }
      int last = n;
      Stage.await(() -> arrived.size() == last, PROMPT, last + " arrivals");
      assertTrue(receiver.count() >= last);
    }
  }

  private static void publish(Statement statement, int n) throws Exception {
    statement.execute("select outbox.publish('d', '{\"n\":" + n + "}')");
  }

  private static void awaitArrival(Map<Integer, Long> arrived, int n) throws Exception {
    Stage.await(() -> arrived.containsKey(n), PROMPT, "arrival of message " + n);
  }
}
