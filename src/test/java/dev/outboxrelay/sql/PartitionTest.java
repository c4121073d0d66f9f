// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.PGConnection;

/** Under which name a partition's rows go, by whichever table they were captured. */
final class PartitionTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  /** Three levels: root, middle, leaf; and a table that is no partition yet. */
  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute(TABLES.toArray(String[]::new));
  }

  private static final List<String> TABLES =
      List.of(
          "create table root (id int primary key, v int) partition by range (id)",
          "create table middle partition of root for values from (0) to (10) partition by range (id)",
          "create table leaf partition of middle for values from (0) to (10)",
          "create table loose (id int primary key, v int)");

  private static List<String> sent() throws SQLException {
    return outbox.query(
        "select concat_ws(' ', source_table, op, key) from outbox.message order by id");
  }

  private static final String ATTACH =
      "alter table root attach partition loose for values from (10) to (20)";

  /** The way that docs/guides/capture.md tells. */
  @Test
  void tableCapturedByItself_isReleasedAndAttachedInOneTransaction() throws SQLException {
    outbox.execute(
        "select outbox.capture('root', 'crm')",
        "select outbox.capture('loose', 'crm')",
        "insert into loose values (10, 1)");
    assertTrue(outbox.refuses("42710", ATTACH).contains("already exists"));
    try (Connection c = outbox.connect();
        Connection writer = outbox.connect()) {
      c.setAutoCommit(false);
      Outbox.run(c, "select outbox.release('loose', 'crm')", ATTACH);
      Outbox.run(writer, "set lock_timeout = '20ms'");
      Outbox.refuses(writer, "55P03", "insert into loose values (11, 1)");
      c.commit();
      Outbox.run(writer, "insert into loose values (11, 1)", "update root set v = 2");
    }
    assertEquals(
        List.of("loose insert 10", "root insert 11", "root update 10", "root update 11"), sent());
  }

  @Test
  void tableCapturedForAnotherDestination_isAttachedAsItIs() throws SQLException {
    outbox.execute(
        "select outbox.capture('root', 'crm')",
        "select outbox.capture('loose', 'audit', condition => 'true')",
        ATTACH,
        "insert into root values (10, 1)");
    assertEquals(
        List.of("audit loose insert", "crm root insert"),
        outbox.query(
            "select concat_ws(' ', destination, source_table, op) from outbox.message order by 1"));
  }

  @Test
  void tableAndItsPartition_forOneDestination_refusesTheSecondAndSaysWhatToRelease()
      throws SQLException {
    for (String[] pair :
        new String[][] {
          {"root", "leaf"}, {"root", "middle"}, {"leaf", "root"}, {"middle", "leaf"}
        }) {
      String second = "select outbox.capture('" + pair[1] + "', 'crm')";
      outbox.execute("select outbox.capture('" + pair[0] + "', 'crm')");
      String refused = outbox.refuses("55000", second);
      String release = "select outbox.release('public." + pair[0] + "', 'crm');";
      assertTrue(refused.contains(release), refused);
      outbox.execute(release, second, "insert into root values (1, 1)");
      assertEquals(List.of(pair[1] + " insert 1"), sent());
      outbox.execute(
          "delete from root",
          "delete from outbox.message",
          "select outbox.release('" + pair[1] + "')");
    }
  }

  @Test
  void tableAndItsPartition_forDifferentOperations_areBothCaptured() throws SQLException {
    outbox.execute(
        "select outbox.capture('root', 'crm', operations => '{insert,truncate}')",
        "select outbox.capture('leaf', 'crm', operations => '{delete,truncate}')",
        "insert into root values (1, 1)",
        "delete from root");
    assertEquals(List.of("root insert 1", "leaf delete 1"), sent());
  }

  @Test
  void copyAndOnConflict_throughAnyLevel_goUnderTheCapturedName() throws Exception {
    outbox.execute("select outbox.capture('root', 'crm')");
    try (Connection c = outbox.connect()) {
      for (String level : List.of("root", "middle", "leaf")) {
        int id = level.length();
        c.unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn("copy " + level + " from stdin", new StringReader(id + "\t1\n"));
        Outbox.run(
            c,
            "insert into " + level + " values (" + id + ", 2) on conflict (id) do update set v = 3",
            "delete from " + level + " where id = " + id);
      }
    }
    assertEquals(
        List.of(
            "root insert 4",
            "root update 4",
            "root delete 4",
            "root insert 6",
            "root update 6",
            "root delete 6",
            "root insert 4",
            "root update 4",
            "root delete 4"),
        sent());
  }

  @Test
  void merge_intoAPartitionedTable_endsAsTheTableDoes() throws SQLException {
    Assumptions.assumeTrue(
        outbox.count("select current_setting('server_version_num')::int / 10000") >= 15);
    outbox.execute(
        "select outbox.capture('root', 'crm')",
        ATTACH,
        "insert into root values (1, 1), (2, 2), (12, 2)",
        "merge into root r using (values (1, 11), (2, 0), (12, 0), (5, 5)) s (id, other) on s.id = r.id"
            + " when matched and other = 0 then delete"
            + " when matched then update set id = other"
            + " when not matched then insert values (s.id, s.other)");
    assertEquals(List.of("5", "11"), Replay.keys(outbox));
    assertEquals(List.of("root"), outbox.query("select distinct source_table from outbox.message"));
  }

  @Test
  void backfill_ofAPartitionCapturedThroughItsParent_goesUnderTheParentsName() throws SQLException {
    outbox.execute(
        "insert into root values (1, 1), (2, 1)",
        "select outbox.capture('root', 'crm')",
        "select outbox.backfill('leaf', 'crm')",
        "call outbox.backfill_in_steps('middle', 'crm')",
        "update leaf set v = 2 where id = 1",
        "delete from root where id = 2");
    assertEquals(
        List.of(
            "root read 1",
            "root read 2",
            "root read 1",
            "root read 2",
            "root update 1",
            "root delete 2"),
        sent());
    assertEquals(List.of("1"), Replay.keys(outbox));
  }

  @Test
  void backfill_ofAPartitionCapturedByItself_goesUnderItsOwnName() throws SQLException {
    outbox.execute(
        "insert into root values (1, 1)",
        "select outbox.capture('leaf', 'crm')",
        "select outbox.backfill('leaf', 'crm')",
        "update root set v = 2");
    assertEquals(List.of("leaf read 1", "leaf update 1"), sent());
  }

  /** A restored table has another oid than the one that its triggers remember. */
  @Test
  void partition_restoredFromADump_goesUnderTheNameItWentUnder() throws SQLException {
    for (String captured : List.of("root", "middle", "leaf")) {
      outbox.execute("select outbox.capture('" + captured + "', 'crm')");
      List<String> restore = new ArrayList<>(List.of("drop table root", "drop table loose"));
      restore.addAll(TABLES);
      restore.addAll(
          outbox.query(
              "select pg_get_triggerdef(trigger_oid) from outbox_internal.capture_detail where not inherited"));
      outbox.execute(restore.toArray(String[]::new));
      outbox.execute(
          "insert into root values (1, 1)",
          "update leaf set v = 2",
          "select outbox.backfill('leaf', 'crm')",
          "delete from middle");
      assertEquals(
          List.of(
              captured + " insert 1",
              captured + " update 1",
              captured + " read 1",
              captured + " delete 1"),
          sent());
      outbox.execute("delete from outbox.message", "select outbox.release('" + captured + "')");
    }
  }

  /** Its triggers stay until it is finished, and PostgreSQL does not count it to the table. */
  @Test
  void partition_whoseConcurrentDetachIsUnfinished_isCapturedAsBefore() throws SQLException {
    String[][] cases = {
      {"", "{\"ident\":2,\"v\":5,\"secret\":\"s\"}"},
      {", except_columns => '{secret}'", "{\"ident\":2,\"v\":5}"},
      {", columns => '{id,v}'", "{\"ident\":2,\"v\":5}"},
    };
    for (String[] options : cases) {
      outbox.execute(
          "drop table root",
          "create table root (id int, v int, secret text, primary key (id, v)) partition by list (v)",
          "create table leaf partition of root for values in (5)",
          "select outbox.capture('root', 'crm'" + options[0] + ")",
          "alter table root rename column id to ident");
      try (Connection holder = outbox.connect();
          Connection c = outbox.connect()) {
        Outbox.run(holder, "begin isolation level repeatable read", "select count(*) from root");
        Outbox.run(c, "set statement_timeout = '300ms'");
        Outbox.refuses(c, "57014", "alter table root detach partition leaf concurrently");
      }
      outbox.execute("insert into leaf values (2, 5, 's')");
      assertEquals(
          List.of("root [2,5] " + options[1]),
          outbox.query("select concat_ws(' ', source_table, key, new_row) from outbox.message"));
      // PostgreSQL would take the partition's triggers away, and give it none.
      outbox.refuses("55006", "select outbox.capture('leaf', 'crm')");
      String refusal = outbox.refuses("55006", "select outbox.capture('root', 'crm')");
      assertTrue(
          refusal.contains("alter table public.root detach partition public.leaf finalize"),
          refusal);
      assertTrue(
          outbox.findings().contains("warning | detach unfinished | public.leaf"),
          outbox.findings()::toString);
      outbox.execute(
          outbox
              .query("select remedy from outbox.doctor where check_name = 'detach unfinished'")
              .get(0)
              .replace("If nobody is at it: ", ""));
      assertEquals(
          0,
          outbox.count(
              "select count(*) from outbox.doctor where check_name = 'detach unfinished'"));
      outbox.execute("delete from outbox.message", "drop table leaf");
    }
  }

  /** PL/pgSQL keeps a copy of a trigger function for each trigger that a session has fired. */
  @Test
  void session_thatWritesToManyPartitions_keepsLittleOfEach() throws SQLException {
    int partitions = 40;
    outbox.execute(
        "create table many (id int primary key, secret text) partition by list (id)",
        "do $$ begin for i in 1.."
            + partitions
            + " loop execute format('create table many_%s partition of many for values in (%1$s)', i);"
            + " end loop; end $$",
        "select outbox.capture('many', 'crm', except_columns => '{secret}')");
    String memory = "select sum(total_bytes)::text from pg_backend_memory_contexts";
    try (Connection c = outbox.connect()) {
      Outbox.run(c, "insert into many values (1)", "delete from many");
      long before = Long.parseLong(Outbox.column(c, memory).get(0));
      Outbox.run(
          c,
          "insert into many select generate_series(2, " + partitions + ")",
          "update many set secret = 'x'",
          "delete from many");
      long perPartition =
          (Long.parseLong(Outbox.column(c, memory).get(0)) - before) / (partitions - 1);
      assertTrue(perPartition < 250_000, perPartition + " bytes a partition");
    }
  }
}
