// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the command shows of a database; each check is tested beside the function. */
final class DoctorCommandTest {

  private static CommandRun doctor(TestDatabase db) {
    return CommandRun.of(
        Map.of(
            "OUTBOX_RELAY_DATABASE_URL", db.url(),
            "OUTBOX_RELAY_DATABASE_USER", db.user(),
            "OUTBOX_RELAY_DATABASE_PASSWORD", db.password()),
        "doctor");
  }

  private static void destination(TestDatabase db, String name) throws SQLException {
    db.execute(
        "insert into outbox.destination (name, uri) values ('" + name + "', 'tcp://localhost:9')");
  }

  /** Looks like a relay that owns every destination. */
  private static void standInForARelay(Connection c) throws SQLException {
    try (Statement s = c.createStatement()) {
      s.execute("select pg_advisory_lock(7021002, doorbell) from outbox.destination");
    }
  }

  @Test
  void database_brokenInEightWays_namesEachWithItsRemedy() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      destination(db, "crm");
      destination(db, "audit");
      db.execute(
          "create table orders (id int primary key, note text)",
          "create table invoices (id int primary key, secret text)",
          "create table people (id int primary key)",
          "create table staff () inherits (people)",
          "select outbox.capture('orders', 'crm')",
          "select outbox.capture('invoices', 'crm', except_columns => '{secret}')",
          "select outbox.capture('people', 'audit')",
          // And now the damage.
          "alter table orders disable trigger all",
          "alter table invoices rename column secret to token",
          "insert into outbox.message (destination, op) values ('gone', 'message')",
          "insert into outbox.message (destination, op, state) values ('crm', 'message', 'failed')",
          "revoke delete on outbox.pending from outbox_relay",
          "alter table outbox.pending set (autovacuum_enabled = off)");
      CommandRun run = doctor(db);
      assertEquals(ExitCode.FINDINGS, run.exitCode(), run.err());
      List<String> lines = run.out().lines().toList();
      for (String start :
          List.of(
              "error: messages without destination, gone: messages owed to a destination that does not exist: 1",
              "error: no relay, audit: ",
              "error: no relay, crm: ",
              "error: trigger disabled, public.orders: ",
              "warning: capture out of step, public.invoices: ",
              "warning: child not captured, public.staff: ",
              "warning: grants, outbox_relay: ",
              "warning: messages failed, crm: messages set aside: 1",
              "warning: table bloat, outbox.pending: autovacuum is switched off")) {
        assertTrue(
            lines.stream().anyMatch(line -> line.startsWith(start) && line.contains(" -> ")),
            start + " with a remedy in\n" + run.out());
      }
    }
  }

  @Test
  void database_withWarningsOnly_isExitCode0() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      db.execute("alter table outbox.pending set (autovacuum_enabled = off)");
      CommandRun run = doctor(db);
      assertTrue(run.out().startsWith("warning: table bloat"), run.out());
      assertEquals(ExitCode.OK, run.exitCode(), run.err());
    }
  }

  @Test
  void database_healthy_saysSo() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        Connection relay = db.connect()) {
      destination(db, "crm");
      standInForARelay(relay);
      CommandRun run = doctor(db);
      assertEquals(ExitCode.OK, run.exitCode(), run.err());
      assertTrue(run.out().startsWith("nothing found"), run.out());
    }
  }

  @Test
  void server_absent_isExitCode7() {
    CommandRun run =
        CommandRun.of(Map.of(), "doctor", "--database-url=jdbc:postgresql://localhost:1/shop");
    assertEquals(ExitCode.UNREACHABLE, run.exitCode(), run.err());
  }
}
