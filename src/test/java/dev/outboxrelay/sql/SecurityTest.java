// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Attacks by the application's own role, which holds no right on the schema; and what each role
 * may.
 */
final class SecurityTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeAll
  static void create() throws SQLException {
    outbox.execute(
        "do $$ begin"
            + " if to_regrole('sec_app') is null then create role sec_app login password 'secret'; end if;"
            + " if to_regrole('sec_operator') is null then create role sec_operator login password 'secret' in role outbox_operator; end if;"
            + " if to_regrole('sec_publisher') is null then create role sec_publisher login password 'secret' in role outbox_publisher; end if;"
            + " if to_regrole('sec_relay') is null then create role sec_relay login password 'secret' in role outbox_relay; end if;"
            + " end $$");
  }

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute(
        "create table t (id int primary key, v text)",
        "grant all on t to sec_app",
        "select outbox.capture('t', 'crm')");
  }

  @Test
  void application_writesWithoutAnyRightOnTheSchema() throws SQLException {
    try (Connection app = outbox.connectAs("sec_app")) {
      Outbox.run(app, "insert into t values (1, 'a')", "update t set v = 'b'", "delete from t");
      for (String attempt :
          List.of(
              "select * from outbox.message",
              "insert into outbox.message (destination, op) values ('crm', 'message')",
              "delete from outbox.message",
              "select * from outbox.status",
              "update outbox.destination set uri = 'tcp://evil:1'",
              "select outbox.publish('crm', '{}')",
              "select outbox.requeue(1)",
              "select outbox.release('t')",
              "select outbox.grant_roles()",
              "create table mine (id int); create trigger x after insert on mine for each row"
                  + " execute function outbox.capture_row('crm')")) {
        Outbox.refuses(app, "42501", attempt);
      }
    }
    assertEquals(List.of("insert 1", "update 1", "delete 1"), outbox.changes());
  }

  /**
   * The owner of a captured partitioned table may execute the function, and a publisher may name
   * it.
   */
  @Test
  void triggersWithArgumentsOfSomebodysOwn_keepNobodyFromCapturing() throws SQLException {
    outbox.execute(
        "create table p (id int primary key) partition by range (id)",
        "alter table p owner to sec_publisher",
        "grant create on schema public to sec_publisher",
        "select outbox.capture('p', 'crm')");
    try (Connection publisher = outbox.connectAs("sec_publisher")) {
      Outbox.run(publisher, "create table mine (id int)");
      int number = 0;
      for (String arguments :
          List.of(
              "'', '', '', '', '', '', '', '', '', '', '', '', '', '', ''",
              "'crm', 'x', '', '{}', '{}', 'all', '{}', '{}', '', '', '1', '', '{}', 'origin', '{}'",
              "'crm', '1', '', '{', '{}', 'all', '{}', '{}', '', '', '1', '', '{}', 'origin', '{}'",
              "'crm', '1', '', '{a}', '{99999}', 'all', '{}', '{}', '', '', '1', '', '{}', 'origin', '{}'",
              "'crm', '1', '', '{a}', '{1}', 'all', '{a,}', '{}', '', '', '1', '', '{}', 'origin', '{}'",
              "'crm', '1', '', '{a}', '{1}', 'all', '{}', '{1,}', '', '', '1', '', '{}', 'origin', '{}'",
              "'crm', '1', '', '{a}', '{1}', 'all', '{}', '{}', '', '', '4294967296', '', '{}', 'origin', '{}'",
              "'crm', '1', '', '{a}', '{1}', 'all', '{}', '{}', '', '', '1', '', '{\"}', 'origin', '{}'",
              "'crm', '1', '', '{a}', '{1}', 'all', '{}', '{}', '', '', '1', '', '{}', 'origin', '{{a},b}'",
              "'crm', '1', '', '{a}', '{1}', 'all', '{}', '{}', '', '', '1', '', '{}', 'always trigger all; drop table t; alter table t enable', '{}'",
              "'crm', '1', '', '{a}', '{1}', 'drop', '{}', '{}', '', '', '1', '', '{}', 'origin', '{}'")) {
        Outbox.run(
            publisher,
            "create trigger x%d after insert on mine for each row execute function outbox.capture_row(%s)"
                .formatted(number++, arguments));
      }
    }
    assertEquals(
        0, outbox.count("select count(*) from outbox.doctor() where object = 'public.mine'"));
    outbox.execute("create table u (id int)", "select outbox.capture('u', 'crm')");
    assertEquals(
        List.of("p", "t", "u"),
        outbox.query("select source::text from outbox.capture_list order by 1"));
    outbox.execute(
        "select outbox.release('u')", "delete from outbox.destination where name = 'audit'");
  }

  /** Functions and operators of the application's, better fitting than the built-in ones. */
  @Test
  void shadowedFunctionsOperatorsAndTables_areNotTaken() throws SQLException {
    outbox.execute("create table proof (who text)", "grant all on proof to sec_app");
    try (Connection app = outbox.connectAs("sec_app")) {
      Outbox.run(
          app,
          "create function public.evil(text) returns boolean language plpgsql as $$ begin"
              + " insert into public.proof values (current_user); return true; end $$",
          "create function public.row_to_json(public.t) returns json language sql as"
              + " $$ select case when public.evil('') then '{}'::json end $$",
          "create function public.current_setting(text, boolean) returns text language sql as"
              + " $$ select case when public.evil('') then '' end $$",
          "create function public.pg_notify(text, text) returns void language sql as"
              + " $$ select public.evil('') $$",
          "create function public.pg_try_advisory_xact_lock_shared(int, int) returns boolean language sql as"
              + " $$ select public.evil('') $$",
          "create function public.arrow(json, text) returns text language sql as"
              + " $$ select case when public.evil('') then 'x' end $$",
          "create operator public.->> (leftarg = json, rightarg = text, function = public.arrow)",
          "create function public.differs(text, text) returns boolean language sql as"
              + " $$ select public.evil('') $$",
          "create operator public.<> (leftarg = text, rightarg = text, function = public.differs)",
          "create operator public.= (leftarg = text, rightarg = text, function = public.differs)",
          "create temp table message (like public.proof)",
          "create temp table new_rows (value json)",
          "create type pg_temp.json as (x int)",
          "set search_path = public, pg_temp, pg_catalog",
          "insert into t values (1, 'a'), (2, 'b')",
          "update t set v = 'c' where id operator(pg_catalog.=) 1",
          "update t set id = 3 where id operator(pg_catalog.=) 2",
          "delete from t");
      assertEquals(List.of("0"), Outbox.column(app, "select count(*) from public.proof"));
    }
    assertEquals(
        List.of("insert 1", "insert 2", "update 1", "delete 2", "insert 3", "delete 1", "delete 3"),
        outbox.changes());
  }

  /** row_to_json runs a type's cast to json, and would run it as the owner of the schema. */
  @Test
  void castToJsonOfTheApplications_isRefused() throws SQLException {
    outbox.execute(
        "create schema app authorization sec_app",
        "create table proof (who text)",
        "grant all on proof to sec_app");
    try (Connection app = outbox.connectAs("sec_app")) {
      Outbox.run(
          app,
          "create type app.bomb as (x int)",
          "create function app.explode(app.bomb) returns json language plpgsql as $$ begin"
              + " insert into public.proof values (current_user); return '{}'; end $$",
          "create cast (app.bomb as json) with function app.explode(app.bomb)",
          "create table app.armed (id int primary key, b app.bomb[])");
    }
    String refused = outbox.refuses("42501", "select outbox.capture('app.armed', 'crm')");
    assertTrue(refused.contains("cast to json"), refused);
    outbox.execute(
        "create table app.later (id int primary key)",
        "select outbox.capture('app.later', 'crm')",
        "alter table app.later add column b app.bomb");
    assertEquals(
        List.of("app.later"),
        outbox.query("select object from outbox.doctor() where check_name = 'untrusted cast'"));
    outbox.execute("drop schema app cascade");
  }

  @Test
  void craftedNamesAndConditions_areOnlyNames() throws SQLException {
    String name = "x'); drop table t; --\"$$";
    String quoted = "\"" + name.replace("\"", "\"\"") + "\"";
    outbox.execute("create table " + quoted + " (" + quoted + " int primary key)");
    try (Connection c = outbox.connect();
        var s = c.prepareStatement("select outbox.capture(?::regclass, 'crm', ?, columns => ?)")) {
      s.setString(1, quoted);
      s.setArray(2, c.createArrayOf("text", new String[] {name}));
      s.setArray(3, c.createArrayOf("text", new String[] {name}));
      s.execute();
    }
    outbox.execute(
        "insert into " + quoted + " values (7)",
        "select outbox.backfill('" + quoted.replace("'", "''") + "', 'crm')");
    assertEquals(List.of("insert 7", "read 7"), outbox.changes());
    outbox.refuses(
        "22023",
        "select outbox.capture('t', 'crm', condition => 'true) execute function outbox.capture_row(); --')");
    assertEquals(1, outbox.count("select count(*) from pg_class where oid = 't'::regclass"));
  }

  /**
   * A doctor's statement holds a condition that a table's owner wrote, and a superuser may run it.
   */
  @Test
  void conditionOfSeveralCommands_isRefusedBeforeOneOfThemIsExecuted() throws SQLException {
    for (String end :
        List.of(
            "create or replace trigger \"00_outbox_condition\" after update on public.t for each row when (true",
            "select (1")) {
      String refusal =
          outbox.refuses(
              "22023",
              "select outbox.capture('t', 'crm', condition => $$true) execute function"
                  + " outbox.capture_row(); create table public.smuggled ();"
                  + end
                  + "$$)");
      assertTrue(refusal.contains("is no condition on a row of public.t"), refusal);
      assertEquals(
          List.of("t"), outbox.query("select (to_regclass('smuggled') is null)::text::char"));
    }
    outbox.execute(
        "select outbox.capture('t', 'crm', condition => $$new.v <> ';' and old.* is distinct from new.* -- ;$$)");
  }

  /**
   * With an id that the sequence has yet to reach, a message makes the application's write fail.
   */
  @Test
  void idsOfMessages_areChosenByNobody() throws SQLException {
    try (Connection operator = outbox.connectAs("sec_operator")) {
      Outbox.refuses(
          operator,
          "42501",
          "insert into outbox.message (id, destination, op) values (999, 'crm', 'message')");
      Outbox.refuses(operator, "42501", "update outbox.message set id = 999");
      Outbox.run(operator, "select outbox.publish('crm', '{}')");
    }
    try (Connection relay = outbox.connect()) {
      Outbox.run(relay, "set role outbox_relay");
      Outbox.refuses(relay, "42501", "update outbox.message set id = 999");
      Outbox.refuses(
          relay, "42501", "insert into outbox.message (destination, op) values ('crm', 'message')");
    }
  }

  @Test
  void rowLevelSecurity_onTheSource_hidesNoChangeAndFailsNoWrite() throws SQLException {
    outbox.execute(
        "alter table t enable row level security",
        "alter table t force row level security",
        "create policy p on t to sec_app using (id < 10) with check (true)");
    try (Connection app = outbox.connectAs("sec_app")) {
      Outbox.run(app, "insert into t values (1, 'a'), (20, 'b')", "update t set v = 'c'");
      Outbox.run(app, "delete from t");
    }
    assertEquals(List.of("insert 1", "insert 20", "update 1", "delete 1"), outbox.changes());
  }

  /** PostgreSQL asks for EXECUTE on the trigger function when a partition gets its triggers. */
  @Test
  void ownerOfACapturedPartitionedTable_addsPartitions() throws SQLException {
    outbox.execute(
        "create table p (id int primary key) partition by range (id)",
        "alter table p owner to sec_app",
        "select outbox.capture('p', 'crm')");
    try (Connection app = outbox.connectAs("sec_app")) {
      Outbox.run(
          app,
          "create table p1 partition of p for values from (0) to (10)",
          "create table p2 (id int primary key)",
          "alter table p attach partition p2 for values from (10) to (20)",
          "insert into p values (1), (11)");
    }
    assertEquals(List.of("insert 1", "insert 11"), outbox.changes());
  }

  @Test
  void publisher_mayPublishAndNothingElse() throws SQLException {
    try (Connection c = outbox.connectAs("sec_publisher")) {
      Outbox.run(c, "select outbox.publish('crm', '{\"a\":1}', 'k')");
      for (String attempt :
          List.of(
              "select * from outbox.message",
              "insert into outbox.message (destination, op) values ('crm', 'message')",
              "select * from outbox.destination",
              "select outbox.requeue_failed()",
              "select outbox.capture('t', 'crm')")) {
        Outbox.refuses(c, "42501", attempt);
      }
    }
    assertEquals(List.of("message k"), outbox.changes());
  }

  @Test
  void operator_mayOperateButNeitherForgeStatesNorCaptureOthersTables() throws SQLException {
    outbox.execute("insert into t values (1, 'a')", "update outbox.message set state = 'failed'");
    try (Connection c = outbox.connectAs("sec_operator")) {
      Outbox.run(
          c,
          "select * from outbox.status",
          "select * from outbox.failed",
          "select * from outbox.capture_list",
          "select outbox.requeue_failed('crm')",
          "select outbox.requeue(wire_id), outbox.discard(wire_id) from outbox.failed",
          "select outbox.adopt()",
          "update outbox.message set state = 'failed'",
          "update outbox.message set state = 'pending'",
          "select outbox.pause('crm')",
          "select outbox.resume('crm')",
          "select outbox.wake()",
          "select outbox.hold_key('crm', 'k'), outbox.release_key('crm', 'k')",
          "update outbox.message set state = 'delivered'",
          "call outbox.replay('crm', condition => $$new_row ->> 'a' is null$$)",
          "select outbox.erase(null, 'k')",
          "select * from outbox.expire()",
          "select outbox.start_seeding('pg_monitor'), outbox.stop_seeding()",
          "insert into outbox.destination (name, uri) values ('mine', 'tcp://h:1')",
          "delete from outbox.destination where name = 'mine'",
          "create table own (id int primary key)",
          "select outbox.capture('own', 'crm')",
          "insert into own values (1)",
          "select outbox.release('own')",
          "select outbox.discard_failed()",
          "delete from outbox.message");
      Outbox.refuses(c, "42501", "select outbox.capture('t', 'audit')");
      Outbox.refuses(c, "42501", "select outbox.release('t')");
      Outbox.refuses(c, "42501", "update outbox.message set new_row = '{}'");
      Outbox.refuses(c, "42501", "update outbox.destination_state set epoch = 0");
      Outbox.refuses(c, "42501", "update outbox.identity set database = 0");
      Outbox.refuses(c, "42501", "insert into outbox.held_key values ('crm', 0, 'k', 'k')");
      Outbox.refuses(c, "42501", "update outbox.replay_progress set after_id = 0");
      Outbox.refuses(c, "42501", "select outbox.grant_roles()");
    }
  }

  @Test
  void relay_hasWhatItsWorkNeedsAndNoMore() throws SQLException {
    outbox.execute("insert into t values (1, 'a')");
    try (Connection c = outbox.connectAs("sec_relay")) {
      Outbox.run(
          c,
          "select * from outbox.destination",
          "set outbox.relay = on",
          "insert into outbox.destination_state (destination) values ('crm') on conflict (destination) do update set epoch = 2",
          "update outbox.pending set xid = pg_current_xact_id()",
          "with x as (delete from outbox.pending returning *) insert into outbox.parked"
              + " (id, xid, created_at, destination, source, op, state)"
              + " select id, xid, created_at, destination, source, op, 'held' from x",
          "update outbox.parked set state = 'retry', attempts = 1, last_error = 'x', due_at = now()",
          "select outbox_internal.let_go('crm', 10)",
          "select outbox_internal.pause_for('crm', 0, 'gone', -1)",
          "select * from outbox.failed",
          "select * from outbox.explain('1')",
          "select * from outbox.explain(1)",
          "update outbox.parked set failed_at = now(), first_failed_at = now()",
          "select * from outbox.held_key",
          "select * from outbox.expire()",
          "delete from outbox.parked",
          "select * from outbox.message",
          "select * from outbox.flyway_schema_history",
          "select outbox.copied(), incarnation from outbox.identity",
          "select outbox_internal.claim(), outbox_internal.ids_behind(), outbox.mend_ids(), outbox.adopt()",
          "select * from outbox.doctor",
          "select pg_notify('outbox', 'crm')",
          "listen outbox");
      for (String attempt :
          List.of(
              "update outbox.destination set uri = 'tcp://evil:1'",
              "delete from outbox.destination",
              "insert into outbox.message (destination, op) values ('crm', 'message')",
              "insert into outbox.pending (destination, op) values (1, 'm')",
              "update outbox.pending set id = 999",
              "update outbox.parked set id = 999",
              "truncate outbox.pending",
              "select * from t",
              "select outbox.requeue('1')",
              "select outbox.discard_failed()",
              "select outbox_internal.requeue_these('crm', '{1}')",
              "select outbox_internal.discard_these('crm', '{1}')",
              "select outbox.publish('crm', '{}')",
              "select outbox.capture('t', 'crm')")) {
        Outbox.refuses(c, "42501", attempt);
      }
    }
  }
}
