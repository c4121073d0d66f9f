// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outboxrelay.testing.Await;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who may add partitions to a captured table, and for how long. */
final class PartitionRightTest {
  private static final String GRANTED =
      "select r.rolname from pg_proc p cross join aclexplode(p.proacl) a join pg_roles r on r.oid = a.grantee"
          + " where p.oid = 'outbox.capture_row()'::regprocedure and r.rolname like 'gt%' order by 1";

  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeAll
  static void create() throws SQLException {
    for (String role :
        List.of(
            "gt_first login password 'secret'",
            "gt_second login password 'secret'",
            "gt_group",
            "gt_operator login password 'secret' in role gt_group, outbox_operator",
            "gt_member login password 'secret' in role gt_group")) {
      String name = role.split(" ")[0];
      outbox.execute(
          "do $$ begin if to_regrole('%s') is null then create role %s; end if; end $$"
              .formatted(name, role));
    }
  }

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute("create table p (id int primary key) partition by range (id)");
  }

  private static void partition(String user, int from) throws SQLException {
    try (Connection c = outbox.connectAs(user)) {
      Outbox.run(
          c,
          "create table p%d partition of p for values from (%d) to (%d)"
              .formatted(from, from, from + 10));
    }
  }

  @Test
  void tableOfAGroup_capturedByAnOperatorInIt_getsPartitionsFromEveryMember() throws SQLException {
    outbox.execute("alter table p owner to gt_group");
    try (Connection c = outbox.connectAs("gt_operator");
        Statement s = c.createStatement()) {
      s.execute("select outbox.capture('p', 'crm')");
      assertNull(s.getWarnings());
    }
    assertEquals(List.of("gt_group"), outbox.query(GRANTED));
    partition("gt_member", 0);
    outbox.execute("insert into p values (1)");
    assertEquals(List.of("insert 1"), outbox.changes());
    try (Connection c = outbox.connectAs("gt_operator")) {
      Outbox.run(c, "select outbox.release('p')");
    }
    assertEquals(List.of(), outbox.query(GRANTED));
  }

  /** The way that docs/guides/capture.md tells. */
  @Test
  void newOwner_afterACaptureAnew_addsPartitionsAndTheOldOneMayNot() throws SQLException {
    outbox.execute("alter table p owner to gt_first", "select outbox.capture('p', 'crm')");
    partition("gt_first", 0);
    outbox.execute("alter table p owner to gt_second", "select outbox.capture('p', 'crm')");
    assertEquals(List.of("gt_second"), outbox.query(GRANTED));
    partition("gt_second", 10);
    outbox.execute("insert into p values (1), (11)");
    assertEquals(List.of("insert 1", "insert 11"), outbox.changes());
  }

  @Test
  void ownersRight_endsWithHisLastCapturedTable() throws SQLException {
    outbox.execute(
        "create table q (id int primary key) partition by range (id)",
        "alter table p owner to gt_first",
        "alter table q owner to gt_first",
        "select outbox.capture('p', 'crm')",
        "select outbox.capture('p', 'audit')",
        "select outbox.capture('q', 'crm')",
        "select outbox.release('p')");
    assertEquals(List.of("gt_first"), outbox.query(GRANTED));
    outbox.execute("select outbox.release('q')");
    assertEquals(List.of(), outbox.query(GRANTED));
  }

  @Test
  void droppedTable_leavesNothingAfterTheNextCapture() throws SQLException {
    outbox.execute(
        "alter table p owner to gt_first",
        "create table p0 partition of p for values from (0) to (10)",
        "insert into p values (1)",
        "select outbox.capture('p', 'crm')",
        "select outbox_internal.backfill_start('p', 'crm', null)",
        "drop table p",
        "create table t (id int primary key)");
    assertEquals(1, outbox.count("select count(*) from outbox.backfill_progress"));
    outbox.execute("select outbox.capture('t', 'crm')");
    assertEquals(List.of(), outbox.query(GRANTED));
    assertEquals(0, outbox.count("select count(*) from outbox.backfill_progress"));
  }

  @Test
  void twoCapturesAtOnce_forDifferentOwners_bothSucceed() throws Exception {
    outbox.execute(
        "create table q (id int primary key) partition by range (id)",
        "alter table p owner to gt_first",
        "alter table q owner to gt_second");
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (Connection one = outbox.connect();
        Connection other = outbox.connect()) {
      String pid = Outbox.column(other, "select pg_backend_pid()").get(0);
      one.setAutoCommit(false);
      Outbox.run(one, "select outbox.capture('p', 'crm')");
      Future<?> later =
          thread.submit(
              () -> {
                Outbox.run(other, "select outbox.capture('q', 'crm')");
                return null;
              });
      Await.until(
          "the second capture waits",
          () -> outbox.count("select cardinality(pg_blocking_pids(%s))".formatted(pid)) > 0);
      one.commit();
      later.get(20, TimeUnit.SECONDS);
    } finally {
      thread.shutdownNow();
    }
    assertEquals(List.of("gt_first", "gt_second"), outbox.query(GRANTED));
  }

  /** Rights that somebody gave on purpose are not ours to take. */
  @Test
  void roleThatMayCapture_keepsItsRights() throws SQLException {
    outbox.execute(
        "grant execute on all functions in schema outbox to gt_second",
        "select outbox.capture('p', 'crm')",
        "select outbox.release('p')");
    assertEquals(List.of("gt_second"), outbox.query(GRANTED));
    outbox.execute("revoke execute on all functions in schema outbox from gt_second");
  }

  /** pg_dump -x writes no grant and no revoke. */
  @Test
  void restoreWithoutGrants_isFoundAndItsRemediesMendIt() throws SQLException {
    try (Outbox own = Outbox.createOwned()) {
      own.reset();
      own.execute(
          "create table p (id int primary key) partition by range (id)",
          "alter table p owner to gt_first",
          "select outbox.capture('p', 'crm')");
      own.execute(
          "set allow_system_table_mods = on;"
              + " update pg_proc set proacl = null where pronamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace);"
              + " update pg_class set relacl = null where relnamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace);"
              + " update pg_attribute set attacl = null where attrelid in ('outbox.message'::regclass,"
              + " 'outbox.pending'::regclass, 'outbox.parked'::regclass);"
              + " update pg_namespace set nspacl = null where nspname in ('outbox', 'outbox_internal')");
      assertEquals(
          List.of(
              "warning | grants | outbox_operator",
              "warning | grants | outbox_publisher",
              "warning | grants | outbox_relay",
              "warning | grants | public"),
          own.findings());
      own.mend();
      assertEquals(List.of("gt_first"), own.query(GRANTED));
      assertEquals(
          List.of(),
          own.query(
              "select p.proname from pg_proc p where p.pronamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace) and"
                  + " has_function_privilege('gt_second', p.oid, 'execute')"));
      try (Connection c = own.connectAs("gt_first")) {
        Outbox.run(c, "create table p1 partition of p for values from (0) to (10)");
      }
      own.execute("insert into p values (1)");
      assertEquals(List.of("insert 1"), own.changes());
    }
  }
}
