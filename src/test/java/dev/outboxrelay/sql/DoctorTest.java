package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** outbox.doctor finds what is broken, and its remedy mends it. */
final class DoctorTest {
  private Outbox outbox;
  private Connection relay;

  @BeforeEach
  void create() throws SQLException {
    outbox = Outbox.create();
    outbox.reset();
    outbox.execute(
        "create table t (id int primary key, v int, secret text)",
        "select outbox.capture('t', 'crm', except_columns => '{secret}', skip_unchanged => true)");
    relay = outbox.connect();
    Outbox.run(relay, "select pg_advisory_lock(7021002, doorbell) from outbox.destination");
  }

  @AfterEach
  void drop() throws SQLException {
    relay.close();
    outbox.close();
  }

  private List<String> findings() throws SQLException {
    return outbox.query(
        "select concat_ws(' | ', severity, check_name, object) from outbox.doctor()");
  }

  /** Broken by this statement, it is found under this name, and its own remedy mends it. */
  private void broken(String expected, String... statements) throws SQLException {
    outbox.execute(statements);
    assertEquals(List.of(expected), findings());
    for (String remedy : outbox.query("select remedy from outbox.doctor()")) {
      outbox.execute(remedy);
    }
    assertEquals(List.of(), findings());
  }

  @Test
  void doctor_onAHealthyDatabase_findsNothing() throws SQLException {
    assertEquals(List.of(), findings());
  }

  @Test
  void doctor_onEachBreakage_namesItAndItsRemedyMendsIt() throws SQLException {
    String trigger = "(select trigger_name from outbox.capture_detail where operation = 'update')";
    String ddl = "do $$ begin execute format('%s', " + trigger + "); end $$";
    broken("error | trigger missing | public.t", ddl.replace("%s", "drop trigger %I on t"));
    broken(
        "error | trigger disabled | public.t",
        ddl.replace("%s", "alter table t disable trigger %I"));
    broken(
        "warning | capture out of step | public.t", "alter table t rename column secret to token");
    broken(
        "error | capture out of step | public.t",
        "create table p (id int primary key, v int, token text) partition by range (id)",
        "alter table p attach partition t for values from (0) to (10)");
    broken("info | destination paused | audit", "select outbox.pause('audit')");
    broken("warning | grants | outbox_relay", "revoke delete on outbox.message from outbox_relay");
    broken(
        "warning | table bloat | outbox.message",
        "alter table outbox.message set (autovacuum_enabled = off)");
    broken(
        "error | destination missing | public.t",
        "set session_replication_role = replica; delete from outbox.destination where name = 'crm';"
            + " set session_replication_role = origin");
  }

  @Test
  void doctor_onMessagesAndRelays_namesThem() throws SQLException {
    outbox.execute(
        "insert into outbox.message (destination, op) values ('gone', 'message')",
        "insert into outbox.message (destination, op, state) values ('crm', 'message', 'failed')");
    Outbox.run(relay, "select pg_advisory_unlock_all()");
    assertEquals(
        List.of(
            "error | messages without destination | gone",
            "error | no relay | audit",
            "error | no relay | crm",
            "warning | messages failed | crm"),
        findings());
  }

  @Test
  void doctor_asRelayAndOperator_runsWithTheirRightsAlone() throws SQLException {
    for (String role : List.of("outbox_relay", "outbox_operator")) {
      try (Connection c = outbox.connect()) {
        Outbox.run(c, "set role " + role);
        assertFalse(Outbox.column(c, "select count(*) from outbox.doctor()").isEmpty());
      }
    }
    assertTrue(findings().isEmpty());
  }
}
