// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A captured table's number, which keeps the order of its messages, and the names that it goes by.
 */
final class SourceTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static final String NAMES =
      "select key || ' ' || source_schema || '.' || source_table from outbox.message order by id";
  private static final String SOURCES = "select count(distinct source) from outbox.pending";

  @BeforeEach
  void capture() throws SQLException {
    outbox.execute(
        "create table t (id int primary key, v int)",
        "select outbox.capture('t', 'crm')",
        "insert into t values (1, 1)");
  }

  @AfterEach
  void drop() throws SQLException {
    outbox.execute("drop schema if exists s cascade");
  }

  @Test
  void renamedTable_goesByItsNameOfTheTimeUnderOneNumber() throws SQLException {
    outbox.execute(
        "alter table t rename to u",
        "insert into u values (2, 1)",
        "select outbox.capture('u', 'crm')",
        "insert into u values (3, 1)",
        "create schema s",
        "alter table u set schema s",
        "update s.u set v = 2 where id = 1");
    assertEquals(List.of("1 public.t", "2 public.u", "3 public.u", "1 s.u"), outbox.query(NAMES));
    assertEquals(1, outbox.count(SOURCES));
  }

  @Test
  void releasedTable_renamedAndCapturedAgain_keepsItsNumber() throws SQLException {
    outbox.execute(
        "select outbox.release('t')",
        "alter table t rename to u",
        "select outbox.capture('u', 'crm')",
        "insert into u values (2, 1)");
    assertEquals(List.of("1 public.t", "2 public.u"), outbox.query(NAMES));
    assertEquals(1, outbox.count(SOURCES));
  }

  @Test
  void anotherTableOfTheName_hasANumberOfItsOwn() throws SQLException {
    outbox.execute(
        "alter table t rename to u",
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm')",
        "insert into t values (1)",
        "insert into u values (2, 1)");
    assertEquals(List.of("1 public.t", "1 public.t", "2 public.u"), outbox.query(NAMES));
    assertEquals(2, outbox.count(SOURCES));
  }

  @Test
  void tableMadeAnew_hasTheNumberOfItsName() throws SQLException {
    outbox.execute(
        "drop table t",
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm')",
        "insert into t values (2)");
    assertEquals(1, outbox.count(SOURCES));
    assertEquals(List.of("1 public.t", "2 public.t"), outbox.query(NAMES));
  }

  /** As a dump of the table alone brings it into another database. */
  @Test
  void triggersFromAnotherDatabase_haveTheNumbersOfTheirNames() throws SQLException {
    try (Outbox other = Outbox.create()) {
      other.reset();
      String trigger =
          outbox
              .query(
                  "select pg_get_triggerdef(t.trigger_oid) from outbox_internal.capture_detail t"
                      + " where t.operation = 'insert'")
              .get(0);
      other.execute("create table t (id int primary key, v int)", trigger);
      other.execute("insert into t values (1, 1)", "select outbox.register_captures()");
      assertEquals(List.of("1 public.t"), other.query(NAMES));
      assertEquals(List.of("crm"), other.query("select destination from outbox.message"));
    }
  }

  @Test
  void renamedPartitionedTable_goesByItsNameOfTheTime() throws SQLException {
    outbox.execute(
        "create table p (id int primary key) partition by range (id)",
        "create table p1 partition of p for values from (0) to (10)",
        "select outbox.capture('p', 'audit')",
        "insert into p values (1)",
        "alter table p rename to q",
        "insert into q values (2)");
    assertEquals(
        List.of("1 public.p", "2 public.q"),
        outbox.query(NAMES.replace(" order", " where destination = 'audit' order")));
    assertEquals(2, outbox.count(SOURCES));
  }

  @Test
  void backfillOfARenamedTable_goesByItsNameOfTheTime() throws SQLException {
    outbox.execute("alter table t rename to u", "select outbox.backfill('u', 'crm')");
    assertEquals(List.of("1 public.t", "1 public.u"), outbox.query(NAMES));
    assertEquals(1, outbox.count(SOURCES));
  }
}
