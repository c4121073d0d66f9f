// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Columns that PostgreSQL computes when they are read, and gives to no trigger. */
final class VirtualColumnTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  @BeforeEach
  void prepare() throws SQLException {
    assumeTrue(
        outbox.count("select current_setting('server_version_num')") >= 180000,
        "virtual generated columns are there from PostgreSQL 18 on");
    outbox.execute(
        "create table t (id int primary key, a int, double int generated always as (a * 2) virtual,"
            + " triple int generated always as (a * 3) stored)");
  }

  private static final String INSERTED = "insert 1 - {\"id\":1,\"a\":5,\"triple\":15}";

  @Test
  void virtualColumn_isLeftOutRatherThanSentAsNull() throws SQLException {
    for (String level : List.of("", ", condition => 'true'")) {
      outbox.execute(
          "select outbox.capture('t', 'crm'" + level + ")",
          "insert into t values (1, 5)",
          "select outbox.backfill('t', 'crm')",
          "select outbox.capture('t', 'crm', except_columns => '{a}'" + level + ")",
          "update t set a = 6");
      assertEquals(
          List.of(
              INSERTED,
              "read 1 - {\"id\":1,\"a\":5,\"triple\":15}",
              "update 1 {\"id\":1,\"triple\":15} {\"id\":1,\"triple\":18}"),
          outbox.messages());
      assertEquals(List.of(), outbox.findings());
      outbox.execute("truncate t", "delete from outbox.message");
    }
  }

  @Test
  void virtualColumn_chosenOrAsAKey_isRefused() throws SQLException {
    for (String argument : List.of("columns => '{id,double}'", "key => '{double}'")) {
      String refused =
          outbox.refuses("22023", "select outbox.capture('t', 'crm', " + argument + ")");
      assertTrue(refused.contains("double is a virtual generated column of public.t"), refused);
    }
  }

  @Test
  void virtualColumn_addedLater_isFoundAndItsRemedyMendsIt() throws SQLException {
    outbox.execute(
        "alter table t drop double",
        "select outbox.capture('t', 'crm')",
        "alter table t add double int generated always as (a * 2) virtual");
    assertEquals(List.of("error | capture out of step | public.t"), outbox.findings());
    outbox.mend();
    outbox.execute("insert into t values (1, 5)");
    assertEquals(List.of(INSERTED), outbox.messages());
  }
}
