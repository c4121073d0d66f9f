// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Dead rows of the queue: when they are many, and who keeps them. */
final class VacuumTest {

  @Test
  void doctor_whileAVacuumRuns_doesNotHaveItEnded() throws Exception {
    try (Outbox outbox = Outbox.create();
        Connection vacuum = outbox.connect();
        Statement slow = vacuum.createStatement()) {
      String pid = Outbox.column(vacuum, "select pg_backend_pid()").get(0);
      outbox.execute(
          "create table t (id int, filler text) with (fillfactor = 10, autovacuum_enabled = off)",
          "insert into t select g, repeat('x', 500) from generate_series(1, 3000) g");
      Outbox.run(vacuum, "set vacuum_cost_delay = 100", "set vacuum_cost_limit = 1");
      CompletableFuture<Void> running =
          CompletableFuture.runAsync(
              () -> {
                try {
                  slow.execute("vacuum t");
                } catch (SQLException cancelled) {
                  // As the test does at its end.
                }
              });
      try {
        Await.until(
            "the vacuum has a snapshot",
            () ->
                outbox.count(
                        "select count(*) from pg_stat_activity a join pg_stat_progress_vacuum v"
                            + " using (pid) where a.backend_xmin is not null and a.pid = "
                            + pid)
                    == 1);
        List<String> old =
            outbox.query(
                "select object from outbox.doctor(old_after => '0') where check_name = 'old snapshot'"
                    + " and object = 'session "
                    + pid
                    + "'");
        assertEquals(List.of(), old);
        assertTrue(!running.isDone(), "the vacuum ran meanwhile");
      } finally {
        slow.cancel();
        running.join();
      }
    }
  }

  /** To give space back, a vacuum locks the table against everybody for a moment: writers wait. */
  @Test
  void vacuum_keepsTheSpaceOfTheQueue() throws Exception {
    try (Outbox outbox = Outbox.create()) {
      outbox.execute(
          "create table given_back (filler text) with (autovacuum_enabled = off)",
          "insert into given_back select repeat('x', 500) from generate_series(1, 2000)",
          "insert into outbox.pending (destination, op, new_row)"
              + " select 1, 'm', to_json(repeat('x', 500)) from generate_series(1, 2000)",
          "delete from given_back",
          "delete from outbox.pending");
      long before = outbox.count("select pg_relation_size('outbox.pending')");
      outbox.execute("vacuum given_back", "vacuum outbox.pending");
      assertEquals(
          0, outbox.count("select pg_relation_size('given_back')"), "as it goes elsewhere");
      assertEquals(before, outbox.count("select pg_relation_size('outbox.pending')"));
    }
  }

  private static void deadRows(Outbox outbox, int rows) throws Exception {
    outbox.execute(
        "insert into outbox.pending (destination, op)"
            + " select 1, 'm' from generate_series(1, %d)".formatted(rows),
        "delete from outbox.pending");
    Await.until(
        "dead rows counted",
        () ->
            outbox.count(
                    "select n_dead_tup from pg_stat_all_tables where relid = 'outbox.pending'::regclass")
                >= rows);
  }

  private static List<String> bloat(Outbox outbox, String old) throws SQLException {
    return outbox.query(
        ("select finding from outbox.doctor(old_after => '%s', dead_rows => 1000)"
                + " where check_name = 'table bloat'")
            .formatted(old));
  }

  /** What a busy queue gathers between two visits of autovacuum is no fault. */
  @Test
  void doctor_onDeadRowsSinceTheLastVacuum_findsNothingUnlessSomebodyKeepsThem() throws Exception {
    try (Outbox outbox = Outbox.create();
        Connection reader = outbox.connect()) {
      outbox.execute("vacuum outbox.pending");
      deadRows(outbox, 2000);
      assertEquals(List.of(), bloat(outbox, "10 minutes"));

      Outbox.run(reader, "begin isolation level repeatable read");
      String pid = Outbox.column(reader, "select pg_backend_pid()").get(0);
      deadRows(outbox, 3000);
      outbox.execute("vacuum outbox.pending");
      assertEquals(List.of(), bloat(outbox, "10 minutes"), "the reader is young");
      List<String> held = bloat(outbox, "0");
      assertEquals(1, held.size(), held.toString());
      assertTrue(held.get(0).endsWith("they cannot go before session " + pid), held.get(0));
    }
  }

  @Test
  void doctor_onDeadRowsThatNoVacuumCameFor_namesTheQueue() throws Exception {
    try (Outbox outbox = Outbox.create()) {
      outbox.execute("vacuum outbox.pending");
      deadRows(outbox, 2000);
      List<String> late = bloat(outbox, "1 microsecond");
      assertEquals(1, late.size(), late.toString());
      assertTrue(
          late.get(0).contains("dead rows beside 0 live ones; last vacuumed 2"), late.get(0));
    }
  }
}
