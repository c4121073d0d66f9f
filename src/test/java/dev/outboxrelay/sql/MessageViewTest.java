// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The view {@code outbox.message} over the two tables of the queue. */
final class MessageViewTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static final String PLACES =
      "select (select count(*) from outbox.pending) || ' ' || (select count(*) from outbox.parked)";

  @Test
  void message_inEachState_isSeenOnceWithWhatItHolds() throws SQLException {
    outbox.execute(
        "create table t (id int primary key, v text)",
        "select outbox.capture('t', 'crm')",
        "insert into t values (1, 'a'), (2, 'a'), (3, 'a'), (4, 'a')",
        "set outbox.relay = on; update outbox.message set state = 'retry', attempts = 2,"
            + " due_at = '2030-01-01', last_error = 'no' where key = '1'",
        "update outbox.message set state = 'failed', last_error = 'bad' where key = '2'",
        "update outbox.message set state = 'delivered' where key = '3'",
        "select outbox.publish('crm', '{}', 'later', 'kind', '{\"h\":1}', '2031-01-01')");
    assertEquals("1 4", outbox.query(PLACES).get(0));
    assertEquals(
        List.of(
            "1 crm insert retry public t {\"id\":1,\"v\":\"a\"} 2 2030 no",
            "2 crm insert failed public t {\"id\":2,\"v\":\"a\"} 0 bad",
            "3 crm insert delivered public t {\"id\":3,\"v\":\"a\"} 0",
            "4 crm insert pending public t {\"id\":4,\"v\":\"a\"} 0",
            "later crm message pending {} kind {\"h\":1} 0 2031"),
        outbox.query(
            "select concat_ws(' ', key, destination, op, state, source_schema, source_table, new_row,"
                + " type, headers, attempts, extract(year from due_at), last_error)"
                + " from outbox.message order by id"));
  }

  @Test
  void destinationDeletedAndMadeAnew_hidesNoMessage() throws SQLException {
    outbox.execute(
        "select outbox.publish('crm', '{}')",
        "set session_replication_role = replica; delete from outbox.destination where name = 'crm'");
    assertEquals(List.of("crm"), outbox.query("select destination from outbox.message"));
    outbox.execute(
        "insert into outbox.destination (name, uri) values ('other', 'tcp://h:1')",
        "insert into outbox.destination (name, uri) values ('crm', 'tcp://h:2')");
    assertEquals(
        List.of("crm tcp://h:2"),
        outbox.query(
            "select m.destination || ' ' || d.uri from outbox.message m"
                + " join outbox.pending p on p.id = m.id"
                + " join outbox.destination d on d.number = p.destination"));
    outbox.refuses("55006", "delete from outbox.destination_number");
    outbox.refuses("55006", "truncate outbox.source");
  }

  @Test
  void tableDropped_hidesNoMessageNorItsName() throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm')",
        "insert into t values (1)",
        "drop table t");
    assertEquals(
        List.of("public t"),
        outbox.query("select source_schema || ' ' || source_table from outbox.message"));
  }

  /** What an index would give in one table, it gives in the view of two. */
  @Test
  void predicates_reachTheIndexesOfBothTables() throws SQLException {
    outbox.execute(
        "insert into outbox.pending (destination, op) select d.number, 'm' from outbox.destination d,"
            + " generate_series(1, 20000)",
        "insert into outbox.parked (id, xid, created_at, destination, source, op, state)"
            + " select 100000 + g, '3', now(), d.number, 0, 'm', 'failed'"
            + " from outbox.destination d, generate_series(1, 20000) g where d.name = 'crm'",
        "analyze outbox.pending, outbox.parked, outbox.destination_number");
    try {
      String byId = plan("select * from outbox.message where id = 7");
      assertTrue(byId.contains("pending_pkey") && byId.contains("parked_pkey"), byId);
      assertFalse(byId.contains("Seq Scan on p"), byId);
      String byBoth = plan("select * from outbox.message where id > 19990 and destination = 'crm'");
      assertTrue(byBoth.contains("pending_pkey"), byBoth);
      assertFalse(byBoth.contains("Seq Scan on pending"), byBoth);
      String held = plan("select * from outbox.message where state = 'held'");
      assertFalse(held.contains("pending"), "no pending message is held:\n" + held);
      String retry =
          plan(
              "update outbox.message set state = 'pending' where state = 'failed' and id = 100001");
      assertTrue(retry.contains("parked_pkey"), retry);
      assertFalse(retry.contains("pending p"), retry);
      String discard = plan("delete from outbox.message where id = 7 and destination = 'crm'");
      assertTrue(discard.contains("pending_pkey"), discard);
    } finally {
      outbox.execute("truncate outbox.pending, outbox.parked");
    }
  }

  /**
   * Their few rows are counted on by each plan, and autovacuum by its own rules waits for fifty.
   */
  @Test
  void smallTablesOfTheView_areAnalyzedAfterEachChange() throws SQLException {
    assertEquals(
        List.of("destination_number", "source"),
        outbox.query(
            "select relname from pg_class where relnamespace = 'outbox'::regnamespace"
                + " and reloptions @> '{autovacuum_analyze_threshold=0,"
                + "autovacuum_analyze_scale_factor=0}' order by 1"));
  }

  private static String plan(String sql) throws SQLException {
    return String.join("\n", outbox.query("explain (costs off) " + sql));
  }

  @Test
  void stateThatHasChangedMeanwhile_isLeftAlone() throws Exception {
    outbox.execute("select outbox.publish('crm', '{}', 'k')");
    outbox.execute("update outbox.message set state = 'failed'");
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (Connection first = outbox.connect();
        Connection second = outbox.connect()) {
      Outbox.run(first, "begin", "update outbox.message set state = 'pending'");
      Future<?> waiting =
          thread.submit(
              () -> {
                Outbox.run(second, "delete from outbox.message where state = 'failed'");
                return null;
              });
      dev.outboxrelay.testing.Await.until(
          "the second waits",
          () -> outbox.count("select count(*) from pg_locks where not granted") > 0);
      Outbox.run(first, "commit");
      waiting.get();
    } finally {
      thread.shutdownNow();
    }
    assertEquals(List.of("pending"), outbox.query("select state from outbox.message"));
  }

  /** A reader beside movers: each message is seen once in every look, in one place. */
  @Test
  void messagesThatMove_areSeenOnceInEveryLook() throws Exception {
    outbox.execute("select outbox.publish('crm', '{}', g::text) from generate_series(1, 20) g");
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<?> mover =
          thread.submit(
              () -> {
                try (Connection c = outbox.connect()) {
                  for (int i = 0; i < 40; i++) {
                    Outbox.run(
                        c,
                        "update outbox.message set state = 'failed' where id % 2 = " + i % 2,
                        i % 3 == 0
                            ? "begin; select outbox.requeue_failed(); rollback"
                            : "select outbox.requeue_failed()",
                        "update outbox.message set state = 'pending' where state = 'failed'");
                  }
                } finally {
                  done.set(true);
                }
                return null;
              });
      while (!done.get()) {
        assertEquals(
            List.of("20 20"),
            outbox.query("select count(*) || ' ' || count(distinct id) from outbox.message"));
      }
      mover.get();
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void whatAMessageSays_isNotChanged() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}', 'k')");
    outbox.refuses("0A000", "update outbox.message set key = 'other'");
    outbox.refuses("0A000", "update outbox.message set new_row = '{\"a\":1}'");
    outbox.refuses(
        "23514", "insert into outbox.message (destination, op) values ('crm', 'upsert')");
  }
}
