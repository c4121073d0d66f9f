// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A table that inherits from a captured one is captured as its parent is. */
final class ChildTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  private static void child(String options) throws SQLException {
    outbox.execute(
        "create table parent (id int primary key, v int, secret text)",
        "create table child () inherits (parent)",
        "select outbox.capture('parent', 'crm', " + options + ")");
    assertEquals(List.of("warning | child not captured | public.child"), outbox.findings());
    outbox.mend();
    assertEquals(
        List.of("2"), outbox.query("select count(distinct source) from outbox.capture_list"));
    assertEquals(
        List.of("1"),
        outbox.query(
            "select count(distinct to_jsonb(l) - '{source,condition}'::text[])"
                + " from outbox.capture_list l"),
        options);
    assertEquals(
        options.contains("condition"),
        outbox.count("select count(*) from outbox.capture_list where condition like '%new.v > 1%'")
            == 2);
  }

  @Test
  void remedyForAChild_ofACaptureThatLeavesASecretOut_leavesItOut() throws SQLException {
    child("except_columns => '{secret}'");
    outbox.execute("insert into child values (1, 2, 'hidden')");
    assertEquals(List.of("insert 1 - {\"id\":1,\"v\":2}"), outbox.messages());
  }

  @Test
  void remedyForAChild_ofACaptureWithEveryOption_hasThemAll() throws SQLException {
    child(
        "key => '{v,id}', operations => '{insert,truncate,update}', columns => '{v}',"
            + " condition => 'new.v > 1', include_old => false, skip_unchanged => true,"
            + " fires => 'always', notify => false");
  }

  @Test
  void childThatCannotBeCaptured_isNoWarning() throws SQLException {
    outbox.execute(
        "drop foreign data wrapper if exists nothing cascade",
        "create foreign data wrapper nothing",
        "create server far foreign data wrapper nothing",
        "create table parent (id int primary key)",
        "create foreign table far_child () inherits (parent) server far",
        "select outbox.capture('parent', 'crm')");
    try (Connection session = outbox.connect()) {
      Outbox.run(session, "create temporary table own_child () inherits (parent)");
      assertEquals(
          List.of("info | child not captured | public.far_child"),
          Outbox.column(
              session,
              "select concat_ws(' | ', severity, check_name, object) from outbox.doctor()"));
    }
    assertEquals(List.of("Capture it in the database that it comes from."), outbox.remedies());
  }
}
