package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Under which name a partition's rows go, by whichever table they were captured. */
final class PartitionTest {
  private static Outbox outbox;

  @BeforeAll
  static void create() throws SQLException {
    outbox = Outbox.create();
  }

  /** Three levels: root, middle, leaf; and a table that is no partition yet. */
  @BeforeEach
  void reset() throws SQLException {
    outbox.reset();
    outbox.execute(TABLES.toArray(String[]::new));
  }

  private static final List<String> TABLES =
      List.of(
          "create table root (id int primary key, v int) partition by range (id)",
          "create table middle partition of root for values from (0) to (10) partition by range (id)",
          "create table leaf partition of middle for values from (0) to (10)",
          "create table loose (id int primary key, v int)");

  @AfterAll
  static void drop() throws SQLException {
    outbox.close();
  }

  private static List<String> sent() throws SQLException {
    return outbox.query(
        "select concat_ws(' ', source_table, op, key) from outbox.message order by id");
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
              "select pg_get_triggerdef(trigger_oid) from outbox.capture_detail where not inherited"));
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
}
