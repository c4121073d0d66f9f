// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.embedded.EmbeddedServer;
import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.Await;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
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

  /** Broken by this statement, it is found under this name, and its own remedy mends it. */
  private void broken(String expected, String... statements) throws SQLException {
    outbox.execute(statements);
    assertEquals(List.of(expected), outbox.findings());
    outbox.mend();
  }

  @Test
  void doctor_onAHealthyDatabase_findsNothing() throws SQLException {
    assertEquals(List.of(), outbox.findings());
  }

  @Test
  void doctor_onEachBreakage_namesItAndItsRemedyMendsIt() throws SQLException {
    String trigger =
        "(select trigger_name from outbox_internal.capture_detail where operation = 'update')";
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
    broken("warning | grants | outbox_relay", "revoke delete on outbox.pending from outbox_relay");
    broken(
        "warning | table bloat | outbox.pending",
        "alter table outbox.pending set (autovacuum_enabled = off)");
    broken(
        "error | destination missing | public.t",
        "set session_replication_role = replica; delete from outbox.destination where name = 'crm';"
            + " set session_replication_role = origin");
  }

  @Test
  void doctor_onALimitThatIsNearOrReached_saysWhenAndWhatThen() throws SQLException {
    outbox.execute(
        "update outbox.destination set max_owed_bytes = 100000 where name = 'crm'",
        "insert into outbox.owed (destination, messages, bytes, failed, failed_bytes)"
            + " values ('crm', 100, 60000, 1, 10000)");
    assertEquals(List.of(), outbox.findings());
    outbox.execute("update outbox.owed set growth = 1");
    assertEquals(List.of("warning | owed limit | crm"), outbox.findings());
    outbox.execute("update outbox.owed set growth = 0, bytes = 75000");
    assertEquals(List.of("warning | owed limit | crm"), outbox.findings());
    outbox.execute("update outbox.owed set bytes = 95000, limit_since = '2026-11-22Z'");
    assertEquals(
        List.of("t"),
        outbox.query(
            "select finding ~ '93 kB are owed and .* set aside, .* reached 2026-11-2.*; then: alarm'"
                + " from outbox.doctor where check_name = 'owed limit'"));
  }

  @Test
  void doctor_onCapturingThatWasStopped_namesItAndTheRemedyStartsIt() throws SQLException {
    broken("error | capturing stopped | crm", "select outbox.stop_capturing('crm', 'disk')");
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
        outbox.findings());
  }

  /**
   * Anybody may take an advisory lock: a stranger's is no relay, and keeps relays from their work.
   */
  @Test
  void doctor_onAStrangerWhoHoldsTheRelaysLocks_namesHim() throws Exception {
    outbox.execute("drop role if exists stranger", "create role stranger login password 'secret'");
    Outbox.run(relay, "select pg_advisory_unlock_all()");
    try (Connection stranger = outbox.connectAs("stranger")) {
      String session = "session " + Outbox.column(stranger, "select pg_backend_pid()::text").get(0);
      for (String locks :
          List.of(
              "pg_advisory_lock(7021001, 0)",
              "pg_advisory_lock(7021002, g) from generate_series(0, 63) g",
              "pg_advisory_lock_shared(7021002, g) from generate_series(0, 63) g",
              "pg_advisory_lock(7021003, 7)")) {
        Outbox.run(stranger, "select " + locks);
        assertEquals(
            List.of(
                "error | foreign lock | " + session,
                "error | no relay | audit",
                "error | no relay | crm"),
            outbox.findings());
        Outbox.run(stranger, "select pg_advisory_unlock_all()");
      }
      Outbox.run(
          stranger,
          "begin",
          "select pg_try_advisory_xact_lock_shared(7021001, 0)",
          "select pg_advisory_xact_lock_shared(7021003, 0)");
      assertEquals(
          List.of("error | no relay | audit", "error | no relay | crm"), outbox.findings());
      Outbox.run(stranger, "rollback", "select pg_advisory_lock(7021002, 1)");
      outbox.execute(
          outbox
              .query("select remedy from outbox.doctor where check_name = 'foreign lock'")
              .get(0));
      Await.until(
          "the stranger is gone",
          () ->
              outbox.count("select count(*) from outbox.doctor where check_name = 'foreign lock'")
                  == 0);
    } finally {
      outbox.execute("drop role stranger");
    }
  }

  /** An operator may delete messages, as a relay does, and is none all the same. */
  @Test
  void status_whileSomebodyElseHoldsTheOwnersLock_showsNoOwner() throws SQLException {
    outbox.execute(
        "drop role if exists operating",
        "create role operating login password 'secret' in role outbox_operator",
        "insert into outbox.destination_state (destination, epoch, owner) values ('crm', 1, 'relay-1')");
    String owner = "select owner from outbox.status where destination = 'crm'";
    assertEquals(List.of("relay-1"), outbox.query(owner));
    Outbox.run(relay, "select pg_advisory_unlock_all()");
    try (Connection operator = outbox.connectAs("operating")) {
      Outbox.run(operator, "select pg_advisory_lock(7021002, doorbell) from outbox.destination");
      assertNull(outbox.query(owner).get(0));
      assertNull(Outbox.column(operator, owner).get(0));
      assertEquals(
          List.of(
              "operating (PostgreSQL JDBC Driver) holds locks that are the relays' and cannot be one:"
                  + " no relay delivers for audit; no relay delivers for crm"),
          outbox.query("select finding from outbox.doctor where check_name = 'foreign lock'"));
    } finally {
      outbox.execute("drop role operating");
    }
  }

  /** How a table in use is partitioned: it is renamed, and becomes the first part of a new one. */
  @Test
  void remedy_ofATableThatBecameAPartition_capturesTheTableThatTookItsPlace() throws SQLException {
    outbox.execute(
        "alter table t rename to t_old",
        "create table t (like t_old including all) partition by range (id)",
        "alter table t attach partition t_old for values from (0) to (10)",
        "create table t_new partition of t for values from (10) to (20)");
    assertEquals(List.of("error | capture out of step | public.t_old"), outbox.findings());
    outbox.mend();
    outbox.execute(
        "delete from outbox.message",
        "insert into t (id) values (1), (11)",
        "update t set id = 12 where id = 1");
    assertEquals(
        List.of("t insert 1", "t insert 11", "t delete 1", "t insert 12"),
        outbox.query(
            "select concat_ws(' ', source_table, op, key) from outbox.message order by id"));
  }

  /** A relay's login may have its rights by SET ROLE alone. */
  @Test
  void doctor_onARelayWhoseLoginDoesNotInherit_isContent() throws SQLException {
    outbox.execute(
        "drop role if exists stiff",
        "create role stiff login noinherit password 'secret' in role outbox_relay");
    Outbox.run(relay, "select pg_advisory_unlock_all()");
    try (Connection stiff = outbox.connectAs("stiff")) {
      Outbox.run(
          stiff,
          "set role outbox_relay",
          "select pg_advisory_lock(7021002, doorbell) from outbox.destination");
      assertEquals(List.of(), outbox.findings());
    } finally {
      outbox.execute("drop role stiff");
    }
  }

  @Test
  void doctor_onAnUncapturedChild_namesItAndItsRemedyMendsIt() throws SQLException {
    outbox.execute("create table parent (id int primary key, v int)");
    outbox.execute("create table child () inherits (parent)");
    outbox.execute("select outbox.capture('parent', 'audit')");
    broken("warning | child not captured | public.child");
    assertEquals(
        List.of("{id}"),
        outbox.query("select key from outbox.capture_list where source = 'child'::regclass"));
  }

  /** What ALTER TABLE did to one trigger of a capture; the remedy goes back to what was asked. */
  @Test
  void doctor_onATriggerThatFiresOtherwiseThanAsked_namesItAndItsRemedyMendsIt()
      throws SQLException {
    String mode = "do $$ begin execute format('alter table t %s trigger %%I', (select min(";
    mode += "trigger_name) from outbox_internal.capture_detail)); end $$";
    String[][] breakages = {
      {"origin", "enable replica", "error | trigger firing | public.t"},
      {"origin", "enable always", "warning | trigger firing | public.t"},
      {"origin", "disable", "error | trigger disabled | public.t"},
      {"always", "enable", "error | trigger firing | public.t"},
      {"always", "enable replica", "error | trigger firing | public.t"},
      {"always", "disable", "error | trigger disabled | public.t"},
      {"replica", "enable", "error | trigger firing | public.t"},
      {"replica", "enable always", "warning | trigger firing | public.t"},
      {"replica", "disable", "error | trigger disabled | public.t"},
    };
    for (String[] b : breakages) {
      outbox.execute("select outbox.capture('t', 'crm', fires => '" + b[0] + "')");
      broken(b[2], mode.formatted(b[1]));
      assertEquals(
          List.of(b[0]),
          outbox.query("select distinct fires from outbox_internal.capture_detail"),
          String.join(" ", b));
    }
  }

  @Test
  void doctor_onAPartitionWhoseTriggerFiresOtherwise_namesItAndItsRemedyMendsIt()
      throws SQLException {
    outbox.execute(
        "create table p (id int primary key) partition by range (id)",
        "create table p1 partition of p for values from (0) to (10)",
        "select outbox.capture('p', 'crm', operations => '{insert}', fires => 'always')");
    broken(
        "error | trigger firing | public.p1",
        "do $$ begin execute format('alter table p1 enable replica trigger %I', (select trigger_name"
            + " from outbox_internal.capture_detail where source = 'p1'::regclass)); end $$");
  }

  /** A trigger that is gone comes back firing as the capture asked, whatever the others do now. */
  @Test
  void remedyOfAMissingTrigger_keepsWhatWasAskedOfFiring() throws SQLException {
    outbox.execute(
        "select outbox.capture('t', 'crm', fires => 'always')",
        "alter table t enable trigger all",
        "do $$ begin execute format('drop trigger %I on t', (select min(trigger_name) from"
            + " outbox_internal.capture_detail)); end $$");
    for (String remedy :
        outbox.query("select remedy from outbox.doctor() where check_name = 'trigger missing'")) {
      outbox.execute(remedy);
    }
    assertEquals(
        List.of("delete always", "insert always", "update always"),
        outbox.query(
            "select operation || ' ' || fires from outbox_internal.capture_detail order by operation"));
    assertEquals(List.of(), outbox.findings());
  }

  /** The finding that follows has a remedy that captures again. */
  private static final String RENAME_THE_KEY = "alter table c rename column id to number";

  private void conditional(String options) throws SQLException {
    outbox.execute(
        "create table c (id int primary key, amount int, note text)",
        "select outbox.capture('c', 'crm', condition => 'old.amount > 5 or new.amount > 5'"
            + options
            + ")");
  }

  @Test
  void remedy_afterAColumnOfTheConditionWasRenamed_capturesAsBefore() throws SQLException {
    for (String operations : List.of("insert,update,delete", "insert,delete", "delete")) {
      conditional(", operations => '{" + operations + "}'");
      outbox.execute("alter table c rename column amount to total");
      broken("warning | capture out of step | public.c", RENAME_THE_KEY);
      outbox.execute(
          "insert into c values (1, 6), (2, 1)",
          "update c set total = 1",
          "update c set total = 0",
          "delete from c",
          "insert into c values (3, 6)",
          "delete from c");
      assertEquals(
          List.of("insert 1", "update 1", "insert 3", "delete 3").stream()
              .filter(change -> operations.contains(change.split(" ")[0]))
              .toList(),
          outbox.changes(),
          operations);
      outbox.execute("drop table c", "delete from outbox.message");
    }
  }

  /** The condition on both rows went with the trigger for updates; nobody but a person knows it. */
  @Test
  void remedy_whereTheConditionIsLost_saysWhatToDo() throws SQLException {
    conditional("");
    String drop =
        "do $$ begin execute format('drop trigger %I on c', (select trigger_name from"
            + " outbox_internal.capture_detail where operation = 'update' and source = 'c'::regclass)); end $$";
    broken("error | trigger missing | public.c", drop);
    outbox.execute("alter table c rename column amount to total", drop);
    String remedy = outbox.remedies().get(0);
    assertTrue(remedy.startsWith("Write the condition 'old.amount > 5 or new.amount > 5'"), remedy);
    assertTrue(remedy.contains("select outbox.capture('public.c', 'crm', "), remedy);
    outbox.execute(
        remedy
            .substring(remedy.indexOf("select outbox"))
            .replace("condition => '...'", "condition => 'old.total > 5 or new.total > 5'"));
    assertEquals(List.of(), outbox.findings());
  }

  @Test
  void remedy_ofAConditionFullOfQuotes_capturesAsBefore() throws SQLException {
    outbox.execute(
        "create table c (id int primary key, \"new.o'hara\\\" text)",
        "select outbox.capture('c', 'crm', condition => 'new.\"new.o''hara\\\" <> "
            + "$q$) EXECUTE FUNCTION outbox.capture_row(''x\\$q$ -- why')",
        "alter table c rename column \"new.o'hara\\\" to \"old.b\"");
    broken("warning | capture out of step | public.c", RENAME_THE_KEY);
    outbox.execute(
        "insert into c values (1, 'x'), (2, null)",
        "insert into c values (3, $q$) EXECUTE FUNCTION outbox.capture_row('x\\$q$)");
    assertEquals(List.of("insert 1"), outbox.changes());
  }

  /** A restored table has another oid than the one that its triggers remember. */
  private void restore(String options) throws SQLException {
    outbox.execute(
        "select outbox.release('t')", "select outbox.capture('t', 'crm'" + options + ")");
    List<String> triggers =
        outbox.query(
            "select pg_get_triggerdef(trigger_oid) from outbox_internal.capture_detail where source = 't'::regclass");
    outbox.execute("drop table t", "create table t (id int primary key, v int, secret text)");
    outbox.execute(triggers.toArray(String[]::new));
  }

  @Test
  void doctor_onARestoredTable_hasItCapturedAgain() throws SQLException {
    restore("");
    broken("warning | capture out of step | public.t");
  }

  @Test
  void restoredTable_whoseKeyIsRenamed_goesOnWithoutAKey() throws SQLException {
    restore("");
    outbox.execute("alter table t rename id to number", "insert into t values (1, 2, 's')");
    assertEquals(List.of("true"), outbox.query("select (key is null)::text from outbox.message"));
  }

  /** PostgreSQL itself keeps this from happening; a restore that lost a trigger would do it. */
  @Test
  void doctor_onAPartitionWithoutItsTriggers_namesIt() throws SQLException {
    outbox.execute(
        "create table p (id int primary key) partition by range (id)",
        "create table p1 partition of p for values from (0) to (10)",
        "select outbox.capture('p', 'crm')",
        "set allow_system_table_mods = on; delete from pg_trigger where tgrelid = 'p1'::regclass;"
            + " reset allow_system_table_mods");
    assertEquals(List.of("error | partition not covered | public.p1"), outbox.findings());
  }

  @Test
  void doctor_onOldTransactions_namesTheSessionAndThePreparedOne() throws SQLException {
    String old =
        "select object from outbox.doctor(old_after => '0') where check_name = 'old snapshot'";
    try (Connection reader = outbox.connect();
        Connection writer = outbox.connect()) {
      reader.setAutoCommit(false);
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      String pid = Outbox.column(reader, "select pg_backend_pid()").get(0);
      Outbox.run(writer, "begin; set outbox.notify = off; insert into t values (1)");
      Outbox.run(writer, "prepare transaction 'forgotten by a batch job'");
      assertEquals(
          List.of("prepared transaction forgotten by a batch job", "session " + pid),
          outbox.query(old));
      assertEquals(List.of(), outbox.findings(), "neither is ten minutes old");
      reader.rollback();
    } finally {
      outbox.execute("rollback prepared 'forgotten by a batch job'");
    }
    assertEquals(List.of(), outbox.query(old));
  }

  @Test
  void doctor_onDeadRows_namesTheQueueAndItsRemedyMendsIt() throws Exception {
    String bloat =
        " from outbox.doctor(old_after => '0', dead_rows => 1000) where check_name = 'table bloat'";
    try (Connection old = outbox.connect()) {
      old.setAutoCommit(false);
      old.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      Outbox.column(old, "select count(*) from outbox.message"); // keeps autovacuum from its work
      outbox.execute(
          "insert into outbox.pending (destination, op)"
              + " select d.number, 'm' from outbox.destination d, generate_series(1, 2000) where d.name = 'crm'",
          "delete from outbox.pending");
      Await.until(
          "dead rows counted",
          () -> outbox.query("select object" + bloat).equals(List.of("outbox.pending")));
      old.rollback();
    }
    String remedy = outbox.query("select remedy" + bloat).get(0);
    outbox.execute(remedy.substring(remedy.indexOf("vacuum")));
    Await.until("dead rows gone", () -> outbox.query("select object" + bloat).isEmpty());
  }

  @Test
  void doctor_onAListenerThatDoesNotRead_namesTheNotificationQueue() throws SQLException {
    assumeTrue(
        outbox.count("select current_setting('server_version_num')") >= 170000,
        "a queue small enough to fill can be had from PostgreSQL 17 on");
    try (EmbeddedServer server = EmbeddedServer.start(Map.of("max_notify_queue_pages", "64"))) {
      new Migrator(server.url("postgres"), server.user(), "").migrate();
      String full = "select object from outbox.doctor() where check_name = 'notification queue'";
      try (Connection listener = server.connect("postgres");
          Connection writer = server.connect("postgres")) {
        assertEquals(List.of(), Outbox.column(writer, full));
        listener.setAutoCommit(false);
        Outbox.run(listener, "listen something");
        listener.commit();
        Outbox.run(listener, "select 1");
        Outbox.run(
            writer,
            "select pg_notify('something', g || repeat('x', 1000)) from generate_series(1, 200) g");
        assertEquals(List.of("pg_notify"), Outbox.column(writer, full));
      }
    }
  }

  @Test
  void doctor_asAView_findsTheSame() throws SQLException {
    outbox.execute("select outbox.pause('audit')");
    assertEquals(
        List.of("destination paused"), outbox.query("select check_name from outbox.doctor"));
  }

  @Test
  void doctor_asRelayAndOperator_runsWithTheirRightsAlone() throws SQLException {
    // Findings of each kind whose remedy is worked out by functions of ours.
    outbox.execute(
        "create table parent (id int primary key)",
        "create table child () inherits (parent)",
        "select outbox.capture('parent', 'crm', condition => 'new.id > 1')",
        "alter table parent rename column id to number");
    final List<String> expected = outbox.findings();
    assertEquals(2, expected.size(), expected.toString());
    for (String role : List.of("outbox_relay", "outbox_operator")) {
      try (Connection c = outbox.connect()) {
        Outbox.run(c, "set role " + role);
        assertEquals(List.of("2"), Outbox.column(c, "select count(*) from outbox.doctor()"));
        assertEquals(List.of("2"), Outbox.column(c, "select count(*) from outbox.doctor"));
      }
    }
  }
}
