// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.PGConnection;

/** A stranger notifies on the relay's channels, and the relay has a small heap. */
@Tag("alone")
@Timeout(900)
final class ForeignNotificationsTest {
  private static final int HEAP_MEGABYTES = 64;
  private static final int LARGE_CHARS = 7_900;
  private static final Duration STOP_BOUND = Duration.ofSeconds(20);
  private static final Duration JVM = Duration.ofSeconds(10);

  /** What a stranger notifies, in one transaction each. */
  private record Flood(int names, int large) {
    void run(Connection connection) throws SQLException {
      try (Statement s = connection.createStatement()) {
        for (String channel : new String[] {"outbox", "outbox_control"}) {
          s.execute(notify(channel, "'nope' || g", names));
          s.execute(notify(channel, "g || repeat('x', " + LARGE_CHARS + ")", large));
        }
      }
    }

    private static String notify(String channel, String payload, int count) {
      return "select count(pg_notify('%s', %s)) from generate_series(1, %d) g"
          .formatted(channel, payload, count);
    }
  }

  @Test
  void flood_manyNamesOnBothChannels_keepsNothingFromItsReceiver() throws Exception {
    flooded(new Flood(30_000, 6_000), Duration.ofDays(1));
  }

  @Test
  @Tag("full")
  void flood_aMillionNamesOnBothChannels_costsLessThanReadingIt() throws Exception {
    Flood flood = new Flood(1_000_000, 20_000);
    flooded(flood, bareListener(flood));
  }

  private static void flooded(Flood flood, Duration baseline) throws Exception {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver =
            ScriptedReceiver.startKeepingNothing(
                line -> {
                  ids.add(line.id());
                  return Reply.ack();
                })) {
      stage.destination("d", receiver.uri());
      RelayProcess relay = stage.relay("only", stage.database.url(), HEAP_MEGABYTES);
      stage.publish("d", 1, 1, "'k'");
      stage.awaitNothingOwed("d", Stage.SOON);
      Duration before = cpu(relay);
      int sent = 1;
      Thread stranger = start(stage, flood);
      while (stranger.isAlive() || sent < 3) {
        sent++;
        stage.publish("d", sent, sent, "'k'");
        stage.awaitNothingOwed("d", Stage.SOON);
      }
      Duration took = cpu(relay).minus(before);
      Figures.say(
          "%d and %d foreign notifications on each channel: %d messages went meanwhile, the relay"
              + " took %d ms of CPU",
          flood.names(), flood.large(), sent, took.toMillis());
      assertEquals(sent, ids.size());
      assertTrue(took.compareTo(baseline.plus(JVM)) < 0, took + ", reading them takes " + baseline);

      Thread again = start(stage, flood);
      assertTrue(relay.terminate(STOP_BOUND), "SIGTERM is not heard");
      assertEquals(0, relay.exitCode());
      again.join();
      String log = Files.readString(relay.log());
      for (String sign : new String[] {"lost the database", "memory is gone", "no bell had"}) {
        assertFalse(log.contains(sign), log);
      }
    }
  }

  private static Thread start(Stage stage, Flood flood) {
    Thread stranger =
        new Thread(
            () -> {
              try (Connection connection = stage.database.connect()) {
                flood.run(connection);
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
            },
            "stranger");
    stranger.start();
    return stranger;
  }

  private static Duration cpu(RelayProcess relay) {
    return ProcessHandle.of(relay.pid())
        .flatMap(process -> process.info().totalCpuDuration())
        .orElseThrow();
  }

  /** What it costs the driver to read all of it, and to keep it. */
  private static Duration bareListener(Flood flood) throws Exception {
    try (Stage stage = Stage.open();
        Connection listening = stage.database.connect();
        Statement s = listening.createStatement()) {
      s.execute("listen outbox; listen outbox_control");
      Thread stranger = start(stage, flood);
      PGConnection notifications = listening.unwrap(PGConnection.class);
      long left = 2L * (flood.names() + flood.large());
      long began = threadCpuNanos();
      while (left > 0) {
        left -= notifications.getNotifications(60_000).length;
      }
      stranger.join();
      return Duration.ofNanos(threadCpuNanos() - began);
    }
  }

  private static long threadCpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }
}
