// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.RelayConfig;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.BelowMarks;
import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.Wire;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A server that is killed with marks and completions on their way to its disk. No sweep comes to
 * help: what a start passes over never arrives.
 */
@Timeout(900)
final class MarkCrashTest {
  private static final String DATABASE = "app";
  private static final int BATCH = 40;

  /** Small, so that marks move often. */
  private static final int PAGE = 2;

  /** So many messages may be on their way. */
  private static final int AHEAD = 500;

  private final Set<Integer> arrived = ConcurrentHashMap.newKeySet();
  private final Set<Integer> refusedOnce = ConcurrentHashMap.newKeySet();
  private final Set<Integer> committed = ConcurrentHashMap.newKeySet();
  private final Set<String> marks = ConcurrentHashMap.newKeySet();
  private final Set<String> faults = ConcurrentHashMap.newKeySet();
  private final AtomicInteger numbers = new AtomicInteger();
  private volatile boolean writing = true;

  @Test
  void server_killedWhileMarksAreWritten_passesNothingOver() throws Exception {
    crash(2, 1);
  }

  @Tag("full")
  @Test
  void server_killedManyTimesWhileMarksAreWritten_passesNothingOver() throws Exception {
    crash(8, 2);
  }

  private void crash(int kills, long seed) throws Exception {
    try (ScriptedReceiver receiver =
            ScriptedReceiver.startKeepingNothing(line -> reply(line.text()));
        PostgresProcess server =
            PostgresProcess.create(
                PostgresBinaries.embedded(), Map.of("max_prepared_transactions", "20"))) {
      server.execute("postgres", "create database " + DATABASE);
      new Migrator(server.url(DATABASE), PostgresProcess.USER, "").migrate();
      server.execute(
          DATABASE,
          "insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')",
          // Another one that stands still has a mark that moves all the same.
          "insert into outbox.destination (name, uri, paused) values ('p', 'tcp://127.0.0.1:1', true)");
      Thread writer = new Thread(() -> write(server, new Random(seed)), "writer");
      Thread watcher = new Thread(() -> watch(server), "watcher");
      try (RunningRelay relay = RunningRelay.start(config(server), RelayEvents.NONE)) {
        writer.start();
        watcher.start();
        for (int kill = 0; kill < kills; kill++) {
          int seen = marks.size();
          Await.until("marks move", () -> marks.size() >= seen + 2);
          server.kill();
          server.start();
        }
        writing = false;
        writer.join();
        watcher.join();
        end(server);
        Await.until("all arrive", Duration.ofSeconds(60), () -> arrived.containsAll(committed));
      }
      assertEquals("0", server.value(DATABASE, BelowMarks.COUNT));
      assertEquals(Set.of(), faults);
      assertTrue(committed.size() > kills * BATCH, committed.size() + " messages");
    }
  }

  /** A tenth is refused for good the first time. */
  private Reply reply(String line) {
    int number = Wire.parse(line).path("new").path("n").asInt();
    if (number % 10 == 0 && refusedOnce.add(number)) {
      return Reply.nackForGood("not yet");
    }
    arrived.add(number);
    return Reply.ack();
  }

  private static RelayConfig config(PostgresProcess server) {
    RelayConfig c =
        RelayConfig.defaults(
            new DatabaseSettings(
                server.url(DATABASE),
                PostgresProcess.USER,
                "",
                3,
                Duration.ofSeconds(5),
                Duration.ofSeconds(10)),
            "test");
    return new RelayConfig(
        c.database(),
        c.name(),
        Duration.ofHours(1),
        c.poll(),
        PAGE,
        c.memoryBytes(),
        c.maxMessageBytes(),
        c.stopTimeout());
  }

  /** Commits in another order than ids are drawn, and makes what was refused owed again. */
  private void write(PostgresProcess server, Random random) {
    while (writing) {
      try (Connection connection = server.connect(DATABASE);
          Statement statement = connection.createStatement()) {
        while (writing) {
          if (committed.size() > arrived.size() + AHEAD) {
            LockSupport.parkNanos(5_000_000);
            finish(statement);
            statement.execute("select outbox.requeue_failed()");
            continue;
          }
          int first = numbers.getAndAdd(BATCH);
          if (random.nextInt(4) == 0) {
            // Committed when the server is there for good, or by the next round.
            statement.execute("begin; set local outbox.notify = off");
            publish(statement, first);
            statement.execute("prepare transaction 'p" + first + "'");
          } else {
            publish(statement, first);
          }
          for (int number = first; number < first + BATCH; number++) {
            committed.add(number);
          }
          if (random.nextInt(3) == 0) {
            finish(statement);
          }
          statement.execute("select outbox.requeue_failed()");
        }
      } catch (SQLException e) {
        LockSupport.parkNanos(5_000_000); // the server is away
      }
    }
  }

  private static void publish(Statement statement, int first) throws SQLException {
    statement.execute(
        "select count(outbox.publish(case when n %% 20 = 0 then 'p' else 'd' end, json_build_object('n', n), (n %% 7)::text)) from generate_series(%d, %d) n"
            .formatted(first, first + BATCH - 1));
  }

  private static void finish(Statement statement) throws SQLException {
    try (var prepared =
        statement.executeQuery(
            "select string_agg(format('commit prepared %L', gid), ';') from pg_prepared_xacts")) {
      prepared.next();
      String commits = prepared.getString(1);
      if (commits != null) {
        for (String commit : commits.split(";")) {
          statement.execute(commit);
        }
      }
    }
  }

  private void end(PostgresProcess server) throws SQLException {
    try (Connection connection = server.connect(DATABASE);
        Statement statement = connection.createStatement()) {
      finish(statement);
      statement.execute("update outbox.message set destination = 'd' where destination = 'p'");
    }
    // The relay may not have heard of the last refusals yet.
    Thread requeuing =
        new Thread(
            () -> {
              try {
                while (!arrived.containsAll(committed)) {
                  server.execute(DATABASE, "select outbox.requeue_failed()");
                  LockSupport.parkNanos(50_000_000);
                }
              } catch (SQLException e) {
                faults.add(e.toString());
              }
            });
    requeuing.setDaemon(true);
    requeuing.start();
  }

  /** At every moment, also just after a crash, the marks are true. */
  private void watch(PostgresProcess server) {
    while (writing) {
      try (Connection connection = server.connect(DATABASE);
          Statement statement = connection.createStatement()) {
        while (writing) {
          look(statement);
          LockSupport.parkNanos(5_000_000);
        }
      } catch (SQLException e) {
        LockSupport.parkNanos(5_000_000);
      }
    }
  }

  private void look(Statement statement) throws SQLException {
    try (var row =
        statement.executeQuery(
            "select ("
                + BelowMarks.COUNT
                + "), string_agg(mark_snapshot::text, ' ')"
                + " from outbox.destination_state")) {
      row.next();
      if (row.getLong(1) > 0) {
        faults.add(row.getLong(1) + " messages below the marks " + row.getString(2));
      }
      if (row.getString(2) != null) {
        marks.add(row.getString(2));
      }
    }
  }
}
