// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The doctor does not wait for a captured table that somebody has locked. */
final class LockedTableTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  private static final String BOUNDED =
      "select concat_ws(' | ', check_name, object)" + " from outbox.doctor()";

  @Test
  void doctor_whereAPartitionedTableIsLocked_answers() throws SQLException {
    answers("");
  }

  @Test
  void doctor_whereATableWithAConditionIsLocked_answersWithIt() throws SQLException {
    String remedy = answers(", condition => 'new.v > 1'");
    assertEquals(
        "select outbox.capture('public.p', 'crm', key => '{number}', operations =>"
            + " '{delete,insert,update}', condition => 'new.v > 1');",
        remedy);
  }

  /** The remedy, found while another session has the table for itself. */
  private static String answers(String options) throws SQLException {
    outbox.execute(
        "create table p (id int primary key, v int) partition by range (id)",
        "create table p1 partition of p for values from (0) to (10) partition by range (id)",
        "create table p11 partition of p1 for values from (0) to (5)",
        "select outbox.capture('p', 'crm'" + options + ")",
        "alter table p rename id to number");
    try (Connection locker = outbox.connect();
        Connection doctor = outbox.connect()) {
      locker.setAutoCommit(false);
      Outbox.run(locker, "lock table p in access exclusive mode");
      Outbox.run(doctor, "set statement_timeout = '20s'");
      assertEquals(List.of("capture out of step | public.p"), Outbox.column(doctor, BOUNDED));
      return Outbox.column(doctor, "select remedy from outbox.doctor() where object = 'public.p'")
          .get(0);
    }
  }
}
