// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a relay takes of memory, threads and connections, whatever is owed and to how many. */
@Tag("alone")
@Timeout(900)
final class BoundsTest {
  private static final int BACKLOG = Figures.measuring() ? 1_000_000 : 30_000;
  private static final int HEADS = 6_000;
  private static final int LARGE = Figures.measuring() ? 300 : 12;
  private static final int LARGE_BYTES = 5_000_000;
  private static final int MANY = Figures.measuring() ? 1_000 : 200;
  private static final Duration DRAINED_WITHIN = Duration.ofMinutes(10);

  @Test
  void backlog_ofAnySize_isDrainedWithASmallHeap() throws Exception {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = collecting(ids)) {
      stage.destination("d", receiver.uri());
      stage.publish("d", 1, BACKLOG, "'key ' || n % 1000");
      drain(stage, "a backlog of " + BACKLOG + " messages");
      assertEquals(BACKLOG, ids.size());
    }
  }

  @Test
  void messages_ofMegabytes_areDrainedWithASmallHeap() throws Exception {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = collecting(ids)) {
      stage.destination("d", receiver.uri());
      stage.database.execute(
          "select count(outbox.publish('d', json_build_object('text', repeat('x', "
              + LARGE_BYTES
              + ")), n::text)) from generate_series(1, "
              + LARGE
              + ") n");
      drain(stage, LARGE + " messages of " + LARGE_BYTES + " bytes");
      assertEquals(LARGE, ids.size());
    }
  }

  @Test
  void message_overTheLimit_failsWithTheReasonAndItsNeighboursPass() throws Exception {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = collecting(ids)) {
      stage.destination("d", receiver.uri());
      stage.database.execute(
          "select count(outbox.publish('d', json_build_object('text', repeat('x', case n when 2 then"
              + " 200000 else 10 end)), n::text)) from generate_series(1, 3) n");
      stage.relay("only", "--max-message-bytes", "100000");
      stage.await("select count(*) from outbox.failed", "1", Stage.SOON);
      stage.awaitNothingOwed("d", Stage.SOON);
      assertEquals(2, ids.size());
      assertTrue(
          stage.database.query("select last_error from outbox.failed").get(0).contains("100"));
    }
  }

  /** Each settled message makes the relay look at what its destination holds back. */
  @Test
  void failedMessages_settledOneByOne_areNotAskedForOneByOne() throws Exception {
    Set<String> accepted = ConcurrentHashMap.newKeySet();
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver =
            ScriptedReceiver.startKeepingNothing(
                line -> {
                  if (line.text().contains("refuse me")) {
                    return Reply.nackForGood("no");
                  }
                  accepted.add(line.id());
                  return Reply.ack();
                })) {
      stage.destination("d", receiver.uri(), "on_failure = 'hold'");
      RelayProcess relay = stage.relay("only", stage.database.url(), 64);
      stage.database.execute(
          "select count(outbox.publish('d', '\"refuse me\"', n::text)) from generate_series(1, "
              + HEADS
              + ") n");
      stage.await("select count(*) from outbox.failed", "" + HEADS, Duration.ofSeconds(60));
      stage.database.execute(
          "do $$ declare head bigint; begin for head in select id from outbox.failed loop"
              + " perform outbox.discard(head); commit; end loop; end $$");
      stage.publish("d", HEADS + 1, HEADS + 1, "'another key'");
      stage.awaitNothingOwed("d", Stage.SOON);
      assertEquals(1, accepted.size());
      assertTrue(relay.alive(), "the relay ended, see " + relay.log());
    }
  }

  @Test
  void destinations_inGreatNumber_costNeitherThreadsNorConnections() throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "threads are counted in /proc");
    Map<String, Integer> few = threadsAndConnections(10);
    Map<String, Integer> many = threadsAndConnections(MANY);
    Figures.say("10 destinations: %s; %d destinations: %s", few, MANY, many);
    assertTrue(many.get("threads") <= few.get("threads") + 4, few + " " + many);
    assertTrue(many.get("connections") <= few.get("connections") + 1, few + " " + many);
  }

  private static Map<String, Integer> threadsAndConnections(int destinations) throws Exception {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = collecting(ids)) {
      stage.database.execute(
          "insert into outbox.destination (name, uri) select 'd' || n, '"
              + receiver.uri()
              + "' from generate_series(1, "
              + destinations
              + ") n");
      RelayProcess relay = stage.relay("only");
      stage.awaitOwners();
      for (int round = 0; round < 3; round++) {
        stage.database.execute(
            "select count(outbox.publish('d' || n, '{}', 'k')) from generate_series(1, "
                + destinations
                + ") n");
        stage.await("select count(*) from outbox.message", "0", Duration.ofSeconds(60));
      }
      assertEquals(3 * destinations, ids.size());
      int connections =
          (int)
              stage.database.count(
                  "select count(*) from pg_stat_activity where datname = current_database()"
                      + " and pid <> pg_backend_pid()");
      return Map.of("threads", status(relay, "Threads"), "connections", connections);
    }
  }

  private static void drain(Stage stage, String what) throws Exception {
    long from = System.nanoTime();
    RelayProcess relay = stage.relay("only", stage.database.url(), 64);
    Stage.await(
        () -> {
          assertTrue(relay.alive(), "the relay ended, see " + relay.log());
          return stage.database.count("select count(*) from outbox.message") == 0;
        },
        DRAINED_WITHIN,
        "drained " + what);
    double seconds = (System.nanoTime() - from) / 1e9;
    Figures.say(
        "%s drained with -Xmx64m in %.1f s, the process's start included; peak resident %d kB",
        what, seconds, Files.isDirectory(Path.of("/proc/self")) ? status(relay, "VmHWM") : 0);
  }

  /** A number of Linux's account of a process. */
  private static int status(RelayProcess relay, String name) throws Exception {
    return Files.readAllLines(Path.of("/proc/" + relay.pid() + "/status")).stream()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> Integer.parseInt(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  private static ScriptedReceiver collecting(Set<String> ids) {
    return ScriptedReceiver.startKeepingNothing(
        line -> {
          ids.add(line.id());
          return Reply.ack();
        });
  }
}
