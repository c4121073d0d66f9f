// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.Wire;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ten destinations, of which one is dead and one stalls: what the others notice of it. */
@Tag("alone")
@Timeout(600)
final class NeighboursTest {
  private static final int DESTINATIONS = 10;
  private static final int ROUNDS = Figures.measuring() ? 5 : 3;
  private static final int MESSAGES_A_ROUND = Figures.measuring() ? 8_000 : 1_000;

  /** A quiet machine keeps a fifth; a minute's test beside others cannot tell that much. */
  private static final double LIMIT = Figures.measuring() ? 1.2 : 5.0;

  private static final long FLOOR_MICROS = 20_000;

  private final Map<Integer, Long> committedNanos = new ConcurrentHashMap<>();
  private final Map<Integer, Long> arrivedNanos = new ConcurrentHashMap<>();
  private int number;

  @Test
  void neighbours_ofADeadAndAStalledDestination_keepTheirLatency() throws Exception {
    List<ScriptedReceiver> receivers = new ArrayList<>();
    List<Long> healthy = new ArrayList<>();
    List<Long> troubled = new ArrayList<>();
    try (Stage stage = Stage.open()) {
      for (int i = 0; i < DESTINATIONS; i++) {
        ScriptedReceiver receiver =
            ScriptedReceiver.startKeepingNothing(
                line -> {
                  int n = Wire.parse(line.text()).path("new").path("n").asInt();
                  arrivedNanos.putIfAbsent(n, line.nanos());
                  return Reply.ack();
                });
        receivers.add(receiver);
        stage.destination(
            "d" + i, receiver.uri(), "ack_timeout = '2 s'", "connect_timeout = '1 s'");
      }
      stage.relay("only", stage.database.url(), 128);
      stage.awaitOwners();
      round(stage);
      for (int i = 0; i < ROUNDS; i++) {
        healthy.add(round(stage));
        // A message that is alone in flight when its receiver crashes is charged, and rightly so.
        stage.awaitNothingOwed("d0", Duration.ofSeconds(60));
        receivers.get(0).crash();
        receivers.get(1).stallReading();
        troubled.add(round(stage));
        if (i == 0) {
          stage.await(
              "select down_since is not null and last_error is not null from outbox.status where"
                  + " destination = 'd0'",
              "t",
              Stage.SOON);
          assertEquals(
              0,
              stage.database.count(
                  "select count(*) from outbox.message where destination = 'd0' and attempts > 0"),
              "attempts burnt on a destination that cannot be reached");
        }
        receivers.get(0).listen();
        receivers.get(1).resumeReading();
        for (int d = 0; d < DESTINATIONS; d++) {
          stage.awaitNothingOwed("d" + d, Duration.ofSeconds(60));
        }
      }
    } finally {
      receivers.forEach(ScriptedReceiver::close);
    }
    Figures.say(
        "p99 of eight destinations, microseconds a round: all healthy %s, one dead and one stalled"
            + " %s; medians %d and %d",
        healthy, troubled, Figures.median(healthy), Figures.median(troubled));
    assertTrue(
        Figures.median(troubled)
            <= Math.max(Figures.median(healthy) * LIMIT, Figures.measuring() ? 0 : FLOOR_MICROS),
        healthy + " " + troubled);
  }

  /** Publishes to all ten, one commit a message; p99 of the last eight in microseconds. */
  private long round(Stage stage) throws Exception {
    Map<Integer, Integer> sent = new HashMap<>();
    StopSignal never = new StopSignal();
    try (Connection connection = stage.database.connect();
        PreparedStatement publish =
            connection.prepareStatement(
                "select outbox.publish('d' || ?, json_build_object('n', ?::int))")) {
      for (int i = 0; i < MESSAGES_A_ROUND; i++) {
        int n = ++number;
        publish.setInt(1, i % DESTINATIONS);
        publish.setInt(2, n);
        committedNanos.put(n, System.nanoTime());
        publish.execute();
        sent.put(n, i % DESTINATIONS);
        if (i % 2 == 0) {
          never.await(Duration.ofMillis(1));
        }
      }
    }
    List<Integer> measured =
        sent.entrySet().stream().filter(e -> e.getValue() >= 2).map(Map.Entry::getKey).toList();
    Stage.await(
        () -> arrivedNanos.keySet().containsAll(measured), Duration.ofSeconds(60), "arrivals");
    List<Long> micros =
        measured.stream().map(n -> (arrivedNanos.get(n) - committedNanos.get(n)) / 1_000).toList();
    return Figures.quantile(micros, 0.99);
  }
}
