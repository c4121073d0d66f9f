// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the roles were granted and lost again. */
final class GrantTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  @Test
  void grant_thatWasRevoked_isNamedAndItsRemedyMendsIt() throws SQLException {
    String[][] revoked = {
      {"outbox_relay", "usage on schema outbox"},
      {"outbox_relay", "usage on schema outbox_internal"},
      {"outbox_relay", "select on outbox.destination"},
      {"outbox_relay", "select on outbox.message"},
      {"outbox_relay", "delete on outbox.pending"},
      {"outbox_relay", "update (xid) on outbox.pending"},
      {"outbox_relay", "insert on outbox.parked"},
      {"outbox_relay", "update (due_at) on outbox.parked"},
      {"outbox_relay", "insert on outbox.destination_state"},
      {"outbox_relay", "update on outbox.destination_state"},
      {"outbox_relay", "select on outbox.flyway_schema_history"},
      {"outbox_relay", "execute on function outbox_internal.bell_wanted()"},
      {"outbox_relay", "execute on function outbox.capture_call(regclass,text)"},
      {"outbox_operator", "usage on schema outbox_internal"},
      {"outbox_operator", "insert on outbox.destination"},
      {"outbox_operator", "update (state) on outbox.message"},
      {"outbox_operator", "delete on outbox.message"},
      {"outbox_operator", "select on outbox.backfill_progress"},
      {"outbox_operator", "execute on function outbox.requeue(bigint)"},
      {"outbox_publisher", "usage on schema outbox"},
      {
        "outbox_publisher",
        "execute on function outbox.publish(text,json,text,text,json,timestamp with time zone,boolean,timestamp with time zone)"
      },
    };
    for (String[] r : revoked) {
      outbox.execute("revoke " + r[1] + " from " + r[0]);
      assertEquals(List.of("warning | grants | " + r[0]), outbox.findings(), r[1]);
      assertEquals(
          List.of("role " + r[0] + " lacks " + r[1]),
          outbox.query("select finding from outbox.doctor()"));
      outbox.mend();
    }
  }

  /** The check and outbox.grant_roles name the same objects. */
  @Test
  void grants_allRevoked_areEachFound() throws SQLException {
    String granted =
        "select count(*) from (select c.oid from pg_class c, aclexplode(c.relacl) a"
            + " where c.relnamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace) and a.grantee = '%1$s'::regrole"
            + " union all select a.attrelid from pg_attribute a, aclexplode(a.attacl) x"
            + " where x.grantee = '%1$s'::regrole"
            + " union all select p.oid from pg_proc p, aclexplode(p.proacl) a"
            + " where p.pronamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace) and a.grantee = '%1$s'::regrole"
            + " union all select n.oid from pg_namespace n, aclexplode(n.nspacl) a"
            + " where n.nspname in ('outbox', 'outbox_internal') and a.grantee = '%1$s'::regrole) g";
    for (String role : List.of("outbox_relay", "outbox_operator")) {
      long before = outbox.count(granted.formatted(role));
      outbox.execute(
          "revoke all on all tables in schema outbox, outbox_internal from " + role,
          "revoke all on all routines in schema outbox, outbox_internal from " + role,
          "revoke update (state) on outbox.message from " + role,
          "revoke usage on schema outbox, outbox_internal from " + role);
      String finding = outbox.query("select finding from outbox.doctor()").get(0);
      assertTrue(finding.endsWith(" and " + (before - 3) + " more"), before + ": " + finding);
      outbox.mend();
      assertEquals(before, outbox.count(granted.formatted(role)));
    }
  }
}
