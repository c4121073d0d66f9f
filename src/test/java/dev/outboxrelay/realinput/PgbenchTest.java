// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.realinput;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * pgbench is the legacy application: all four of its tables are captured, and whoever listens can
 * rebuild them to the last row, though the relay was killed on the way.
 */
final class PgbenchTest {
  private static final Map<String, List<String>> TABLES =
      Map.of(
          "pgbench_accounts", List.of("aid", "bid", "abalance", "filler"),
          "pgbench_tellers", List.of("tid", "bid", "tbalance", "filler"),
          "pgbench_branches", List.of("bid", "bbalance", "filler"),
          "pgbench_history", List.of("tid", "bid", "aid", "delta", "mtime", "filler"));
  private static final int SECONDS = 10;
  private static final Duration DRAIN_WITHIN = Duration.ofMinutes(2);
  private static final Path LOG = Path.of("target", "pgbench-relay.log");

  @Test
  @Timeout(300)
  void tables_rebuiltFromLinesWhileRelayIsKilled_equalTheSelect() throws Exception {
    Replica replica = new Replica();
    try (TestDatabase database = TestDatabase.create();
        ScriptedReceiver receiver =
            ScriptedReceiver.startKeepingNothing(
                line -> {
                  replica.take(line.text());
                  return Reply.ack();
                })) {
      Pgbench pgbench = new Pgbench(database);
      pgbench.initialize();
      attach(database, receiver);
      RelayProcess relay = start(database);
      int transactions;
      try {
        Future<Integer> running = runAll(pgbench.clients(SECONDS));
        pause(Duration.ofSeconds(SECONDS / 2));
        relay.kill();
        relay = start(database);
        transactions = running.get(SECONDS + 60L, TimeUnit.SECONDS);
        awaitNothingOwed(database);
      } finally {
        relay.close();
      }
      assertEquals(List.of(), relay.missed(false));
      System.out.printf(
          "pgbench (%s): %d transactions, %d messages, %d came twice%n",
          pgbench.description(), transactions, replica.messages(), replica.repeated());
      assertTrue(transactions > 100, "only " + transactions + " transactions");
      try (Connection connection = database.connect()) {
        for (Map.Entry<String, List<String>> table : TABLES.entrySet()) {
          assertSame(
              table.getKey(),
              Replica.select(connection, table.getKey(), table.getValue()),
              replica.table(table.getKey(), table.getValue()));
        }
      }
      assertEquals(transactions, database.count("select count(*) from pgbench_history"));
    }
  }

  private static void attach(TestDatabase database, ScriptedReceiver receiver) throws Exception {
    database.execute(
        "insert into outbox.destination (name, uri) values ('copy', '" + receiver.uri() + "')");
    for (String table : TABLES.keySet()) {
      database.execute(
          "select outbox.capture('"
              + table
              + "', 'copy', operations => '{insert,update,delete,truncate}')",
          "select outbox.backfill('" + table + "', 'copy')");
    }
  }

  private static RelayProcess start(TestDatabase database) throws Exception {
    return RelayProcess.start(
        database.url(), database.user(), LOG, 128, "--database-password", database.password());
  }

  private static Future<Integer> runAll(List<Callable<Integer>> clients) {
    ExecutorService threads = Executors.newCachedThreadPool();
    List<Future<Integer>> running = new ArrayList<>();
    clients.forEach(client -> running.add(threads.submit(client)));
    Future<Integer> sum =
        threads.submit(
            () -> {
              int transactions = 0;
              for (Future<Integer> client : running) {
                transactions += client.get();
              }
              return transactions;
            });
    threads.shutdown();
    return sum;
  }

  private static void awaitNothingOwed(TestDatabase database) throws Exception {
    long deadline = System.nanoTime() + DRAIN_WITHIN.toNanos();
    while (database.count("select count(*) from outbox.message") > 0) {
      assertTrue(System.nanoTime() < deadline, "still owed after " + DRAIN_WITHIN);
      pause(Duration.ofMillis(100));
    }
  }

  /** The first difference, rather than two lists of 100,000 rows. */
  private static void assertSame(String table, List<String> expected, List<String> actual) {
    for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
      assertEquals(expected.get(i), actual.get(i), table);
    }
    assertEquals(expected.size(), actual.size(), "rows of " + table);
  }

  private static void pause(Duration time) throws InterruptedException {
    assertTrue(!new CountDownLatch(1).await(time.toNanos(), TimeUnit.NANOSECONDS));
  }
}
