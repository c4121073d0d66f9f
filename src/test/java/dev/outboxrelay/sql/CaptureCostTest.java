// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a captured write adds, in counts: statements, rows, index entries. Figures of time are in
 * src/test/scripts/capture-cost.sh; this fails when somebody adds to the work.
 */
final class CaptureCostTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeEach
  void capture() throws SQLException {
    outbox.execute(
        "create table t (id bigint primary key, v text)",
        "select outbox.capture('t', 'crm')",
        "insert into t select g, 'a' from generate_series(1, 100) g");
  }

  /** Two plain indexes: a partial one costs each statement 4 us even where it has no entry. */
  @Test
  void pendingTable_hasTwoPlainIndexesAndNothingThatIsChecked() throws SQLException {
    assertEquals(
        List.of("pending_pkey f f", "pending_tail f f"),
        outbox
            .query(
                "select concat_ws(' ', indexrelid::regclass, indpred is not null, indexprs is not null)"
                    + " from pg_index where indrelid = 'outbox.pending'::regclass order by 1")
            .stream()
            .map(row -> row.replace("outbox.", ""))
            .toList());
    assertEquals(
        0,
        outbox.count(
            "select (select count(*) from pg_constraint where conrelid = 'outbox.pending'::regclass"
                + " and contype in ('c', 'f')) + (select count(*) from pg_trigger"
                + " where tgrelid = 'outbox.pending'::regclass and tgtype & 12 <> 0)"));
  }

  @Test
  void writeOfOneRow_isOneStatementAndOneRow() throws Exception {
    for (String write :
        List.of(
            "insert into t values (1001, 'a')",
            "update t set v = 'b' where id = 1",
            "delete from t where id = 2")) {
      try (Connection c = outbox.connect()) {
        Outbox.run(c, write.replace("1001", "1000").replace("= 1", "= 3").replace("= 2", "= 4"));
        assertEquals("1 1", work(c, write), "rows and calls of the trigger: " + write);
      }
    }
  }

  @Test
  void writeOfManyRows_isOneStatement() throws Exception {
    try (Connection c = outbox.connect()) {
      Outbox.run(c, "insert into t values (1000, 'a')");
      assertEquals(
          "500 1",
          work(c, "insert into t select g, 'a' from generate_series(2001, 2500) g"),
          "rows and calls of the trigger");
    }
  }

  /** Rows written to the queue, and calls of the trigger that did it. */
  private static String work(Connection c, String write) throws Exception {
    long rowsBefore = outbox.count("select count(*) from outbox.pending");
    List<String> plan = Outbox.column(c, "explain (analyze, timing off, costs off) " + write);
    List<String> triggers = plan.stream().filter(l -> l.contains("Trigger")).toList();
    assertEquals(1, triggers.size(), plan.toString());
    long rows = outbox.count("select count(*) from outbox.pending") - rowsBefore;
    String calls = triggers.get(0).replaceAll(".*calls=", "");
    return rows + " " + calls;
  }

  /** The common case reads no table and calls no function of its own. */
  @Test
  void commonCase_readsNoTableAndCallsNoFurtherFunction() throws Exception {
    try (Connection c = outbox.connect()) {
      Outbox.run(c, "set track_functions = 'all'");
      String reads =
          "select coalesce(sum(seq_scan + coalesce(idx_scan, 0)), 0) from pg_stat_xact_user_tables"
              + " where schemaname in ('outbox', 'outbox_internal')";
      String calls =
          "select coalesce(string_agg(funcname || ' ' || calls, ', ' order by funcname), '')"
              + " from pg_stat_xact_user_functions where schemaname in ('outbox', 'outbox_internal')";
      Outbox.run(c, "begin");
      Outbox.run(
          c,
          "insert into t values (3001, 'a')",
          "update t set v = 'b' where id = 3001",
          "delete from t where id = 3001");
      assertEquals(List.of("0"), Outbox.column(c, reads));
      assertEquals(
          List.of("capture_delete 1, capture_insert 1, capture_update 1"), Outbox.column(c, calls));
      Outbox.run(c, "commit");
    }
  }

  /** Whoever counts arguments and whoever writes them mean the same ones. */
  @Test
  void arguments_areWhatTheirNamesSay() throws SQLException {
    assertEquals(
        List.of("public.t|t|t|t|crm|public|t|{\"id\":|,|t"),
        outbox.query(
            "select distinct concat_ws('|', a.a[1], a.a[2] = n.number::text, a.a[3] = s.number::text,"
                + " a.a[4] = d.doorbell::text, a.a[5], a.a[6], a.a[7], a.a[8], a.a[9],"
                + " (outbox_internal.settings_of(a.a)).captured = t.tgrelid)"
                + " from pg_trigger t cross join lateral (select outbox_internal.trigger_arguments(t.tgargs) as a) a"
                + " join outbox.destination d on d.name = 'crm'"
                + " join outbox.destination_number n on n.name = 'crm'"
                + " join outbox.source s on s.table_name = 't'"
                + " where t.tgrelid = 't'::regclass"));
    assertEquals(
        List.of("crm t {id} {1} all {} {} t f origin {delete,insert,update}"),
        outbox.query(
            "select distinct concat_ws(' ', destination, plain, key, key_numbers, column_mode,"
                + " column_names, column_numbers, include_old, skip_unchanged, fires_wanted, wanted)"
                + " from outbox_internal.capture_detail"));
  }
}
