// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.PGConnection;

/** Every way of changing a table, and every kind of table. */
final class CaptureShapesTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private void table(String columns) throws SQLException {
    outbox.execute("create table t (" + columns + ")", "select outbox.capture('t', 'crm')");
  }

  private void forget() throws SQLException {
    outbox.execute("delete from outbox.message");
  }

  @Test
  void insertUpdateDelete_haveOldAndNewRow() throws SQLException {
    table("id int primary key, v text");
    outbox.execute(
        "insert into t values (1, 'a'), (2, 'b')",
        "update t set v = 'c' where id = 1",
        "delete from t");
    assertEquals(
        List.of(
            "insert 1 - {\"id\":1,\"v\":\"a\"}",
            "insert 2 - {\"id\":2,\"v\":\"b\"}",
            "update 1 {\"id\":1,\"v\":\"a\"} {\"id\":1,\"v\":\"c\"}",
            "delete 2 {\"id\":2,\"v\":\"b\"} -",
            "delete 1 {\"id\":1,\"v\":\"c\"} -"),
        outbox.messages());
    assertEquals(
        List.of("public t crm pending 0"),
        outbox.query(
            "select distinct concat_ws(' ', source_schema, source_table, destination, state, attempts)"
                + " from outbox.message"));
  }

  @Test
  void rolledBackChange_leavesNoMessage() throws SQLException {
    table("id int primary key");
    try (Connection c = outbox.connect()) {
      c.setAutoCommit(false);
      Outbox.run(c, "insert into t values (1)", "savepoint s", "insert into t values (2)");
      Outbox.run(c, "rollback to s");
      c.commit();
      Outbox.run(c, "insert into t values (3)");
      c.rollback();
    }
    assertEquals(List.of("insert 1"), outbox.changes());
  }

  @Test
  void statementThatChangesNothing_writesNothing() throws SQLException {
    table("id int primary key");
    outbox.execute("update t set id = 1", "delete from t", "insert into t select 1 where false");
    assertEquals(List.of(), outbox.changes());
  }

  @Test
  void bulkUpdate_pairsEachOldRowWithItsNewOne() throws SQLException {
    table("id int primary key, v int");
    outbox.execute("insert into t select i, i from generate_series(1, 5000) i");
    forget();
    outbox.execute("update t set v = v + 1 where id % 3 > 0");
    assertEquals(
        List.of("3334"),
        outbox.query(
            "select count(*) from outbox.message where old_row ->> 'id' = new_row ->> 'id' and key = new_row ->> 'id'"
                + " and (old_row ->> 'v')::int + 1 = (new_row ->> 'v')::int"));
    assertEquals(3334, outbox.count("select count(*) from outbox.message"));
  }

  @Test
  void keyChange_isDeleteThenInsert() throws SQLException {
    table("id int primary key, v text");
    outbox.execute("insert into t values (1, 'a'), (5, 'b')");
    forget();
    outbox.execute("update t set id = id + 1, v = 'x'");
    assertEquals(
        List.of(
            "delete 1 {\"id\":1,\"v\":\"a\"} -",
            "delete 5 {\"id\":5,\"v\":\"b\"} -",
            "insert 2 - {\"id\":2,\"v\":\"x\"}",
            "insert 6 - {\"id\":6,\"v\":\"x\"}"),
        outbox.messages());
  }

  /**
   * One statement in which every row takes the key of the next: the deletes must all come first.
   */
  @Test
  void keysHandedOnWithinAStatement_endAsTheTableDoes() throws SQLException {
    table("id int primary key deferrable initially deferred");
    outbox.execute("insert into t select generate_series(1, 50)");
    outbox.execute("update t set id = id + 1");
    assertEquals(outbox.query("select id::text from t order by t.id"), Replay.keys(outbox));
  }

  @Test
  void copy_isCaptured() throws Exception {
    table("id int primary key, v text");
    try (Connection c = outbox.connect()) {
      c.unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn("copy t from stdin", new StringReader("1\ta\n2\t\\N\n"));
    }
    assertEquals(
        List.of("insert 1 - {\"id\":1,\"v\":\"a\"}", "insert 2 - {\"id\":2,\"v\":null}"),
        outbox.messages());
  }

  @Test
  void onConflict_isUpdateOrInsertOrNothing() throws SQLException {
    table("id int primary key, v text");
    outbox.execute("insert into t values (1, 'a')");
    forget();
    outbox.execute(
        "insert into t values (1, 'b'), (2, 'b') on conflict (id) do update set v = excluded.v",
        "insert into t values (1, 'c'), (3, 'c') on conflict do nothing");
    assertEquals(List.of("update 1", "insert 2", "insert 3"), outbox.changes());
  }

  @Test
  void merge_isCapturedAndEndsAsTheTableDoes() throws SQLException {
    Assumptions.assumeTrue(
        outbox.count("select current_setting('server_version_num')::int / 10000") >= 15);
    table("id int primary key, v text");
    outbox.execute("insert into t values (1, 'a'), (2, 'b'), (3, 'c')");
    final String written = outbox.query("select max(id)::text from outbox.message").get(0);
    outbox.execute(
        "merge into t using (values (1, 'gone'), (2, 'new'), (4, 'more')) s (id, v) on s.id = t.id"
            + " when matched and s.v = 'gone' then delete"
            + " when matched then update set v = s.v"
            + " when not matched then insert values (s.id, s.v)");
    assertEquals(
        List.of("delete 1", "insert 4", "update 2"),
        outbox.query(
            "select op || ' ' || key from outbox.message where id > " + written + " order by 1"));
    assertEquals(outbox.query("select id::text from t order by t.id"), Replay.keys(outbox));
  }

  /** MERGE moves one row to the key that another gives up: what takes a key away goes first. */
  @Test
  void merge_thatPassesAKeyOn_endsAsTheTableDoes() throws SQLException {
    Assumptions.assumeTrue(
        outbox.count("select current_setting('server_version_num')::int / 10000") >= 15);
    table("id int primary key deferrable initially deferred, v text");
    outbox.execute("insert into t values (1, 'a'), (2, 'b'), (3, 'c')");
    outbox.execute(
        "merge into t using (values (1, 'move'), (2, 'drop'), (9, 'add')) s (id, what) on s.id = t.id"
            + " when matched and what = 'drop' then delete"
            + " when matched then update set id = 2"
            + " when not matched then insert values (1, 'new')");
    assertEquals(outbox.query("select id::text from t order by t.id"), Replay.keys(outbox));
  }

  @Test
  void writableCte_thatReplacesARow_endsAsTheTableDoes() throws SQLException {
    table("id int primary key, v int");
    outbox.execute("insert into t values (1, 1), (2, 1)");
    outbox.execute(
        "with gone as (delete from t returning id, v) insert into t select id, v + 1 from gone");
    assertEquals(List.of("1", "2"), Replay.keys(outbox));
  }

  @Test
  void foreignKeyCascades_areCaptured() throws SQLException {
    table("id int primary key");
    outbox.execute(
        "create table c (id int primary key, t int references t on delete cascade on update cascade)",
        "select outbox.capture('c', 'crm')",
        "insert into t values (1)",
        "insert into c values (10, 1), (11, 1)");
    forget();
    outbox.execute("update t set id = 2", "delete from t");
    assertEquals(
        List.of("delete 10", "delete 11", "update 10", "update 11"),
        outbox.query(
            "select op || ' ' || key from outbox.message where source_table = 'c' order by op, key"));
    assertEquals(List.of(), Replay.keys(outbox));
  }

  /** The cascade changes rows of the same table before the statement that began it is through. */
  @Test
  void foreignKeyToItself_endsAsTheTableDoes() throws SQLException {
    for (String action : List.of("cascade", "set null", "set default")) {
      outbox.reset();
      table(
          "id int primary key, boss int default 0 references t on delete "
              + action
              + " on update "
              + action);
      outbox.execute(
          "insert into t values (0, null), (1, null), (2, 1), (3, 2), (4, 1)",
          "update t set id = id + 10 where id in (1, 2)",
          "delete from t where id = 11");
      assertEquals(
          outbox.query("select t.*::text from t order by id"),
          outbox.query(
              "select format('(%s,%s)', r ->> 'id', r ->> 'boss') from (select distinct on (key) op, new_row r"
                  + " from outbox.message order by key, id desc) m where op <> 'delete' order by (r ->> 'id')::int"),
          action);
    }
  }

  @Test
  void truncate_isAMessageOfItsOwnWhenAskedFor() throws SQLException {
    table("id int primary key");
    outbox.execute("insert into t values (1)", "truncate t");
    assertEquals(List.of("insert 1"), outbox.changes());
    outbox.execute(
        "select outbox.capture('t', 'crm', operations => '{insert,truncate}')", "truncate t");
    assertEquals(List.of("insert 1", "truncate -"), outbox.changes());
  }

  @Test
  void compositeKey_isAJsonArray() throws SQLException {
    table("b text, a int, v int, primary key (a, b)");
    outbox.execute("insert into t values ('x\"y', 1, 0)", "update t set b = 'z'", "delete from t");
    assertEquals(
        List.of(
            "insert [1,\"x\\\"y\"]",
            "delete [1,\"x\\\"y\"]",
            "insert [1,\"z\"]",
            "delete [1,\"z\"]"),
        outbox.changes());
  }

  @Test
  void tableWithoutKey_isCapturedWithoutOrder() throws SQLException {
    table("v int");
    outbox.execute("insert into t values (1)", "update t set v = 2", "delete from t");
    assertEquals(List.of("insert -", "update -", "delete -"), outbox.changes());
  }

  @Test
  void partitionedTable_isCapturedWhicheverWayItIsWritten() throws SQLException {
    outbox.execute(
        "create table p (id int, day int, v text, primary key (id, day)) partition by range (day)",
        "create table p1 partition of p for values from (0) to (10)",
        "create table p2 (v text, day int not null, id int not null)",
        "alter table p attach partition p2 for values from (10) to (20)",
        "select outbox.capture('p', 'crm', key => '{id}')",
        "insert into p values (1, 1, 'a'), (2, 11, 'b')",
        "insert into p2 (id, day, v) values (3, 12, 'c')",
        "update p set v = 'd' where id = 1",
        "update p1 set v = 'e'",
        "delete from p2 where id = 3");
    assertEquals(
        List.of("insert 1", "insert 2", "insert 3", "update 1", "update 1", "delete 3"),
        outbox.changes());
    forget();
    outbox.execute("update p set day = 15 where id = 1");
    assertEquals(List.of("delete 1", "insert 1"), outbox.changes());
    outbox.execute(
        "create table p3 partition of p for values from (20) to (30)",
        "insert into p values (4, 21, 'f')",
        "create table p4 (id int not null, day int not null, v text)",
        "alter table p attach partition p4 for values from (30) to (40)",
        "insert into p4 values (5, 31, 'g')");
    assertEquals(List.of("delete 1", "insert 1", "insert 4", "insert 5"), outbox.changes());
    assertEquals(List.of("p"), outbox.query("select distinct source_table from outbox.message"));
    outbox.execute("alter table p detach partition p4", "insert into p4 values (6, 32, 'h')");
    assertEquals(4, outbox.count("select count(*) from outbox.message"));
    assertTrue(
        outbox
            .refuses("55000", "select outbox.release('p1')")
            .contains("select outbox.release('public.p')"));
    outbox.execute("select outbox.release('p')");
    assertEquals(
        0,
        outbox.count(
            "select count(*) from pg_trigger where tgname like '%outbox%'"
                + " and tgrelid <> all (array['outbox.message', 'outbox.destination']::regclass[])"));
  }

  @Test
  void onePartitionAlone_isCapturedThroughItsParentToo() throws SQLException {
    outbox.execute(
        "create table p (id int primary key) partition by range (id)",
        "create table p1 partition of p for values from (0) to (10)",
        "create table p2 partition of p for values from (10) to (20)",
        "select outbox.capture('p1', 'crm')",
        "insert into p values (1), (11)",
        "insert into p1 values (2)",
        "update p set id = id + 10 where id = 2");
    assertEquals(List.of("insert 1", "insert 2", "delete 2"), outbox.changes());
    assertEquals(List.of("p1"), outbox.query("select distinct source_table from outbox.message"));
  }

  @Test
  void inheritance_eachTableIsCapturedForItself() throws SQLException {
    outbox.execute(
        "create table parent (id int primary key, v int)",
        "create table child (extra text) inherits (parent)",
        "select outbox.capture('parent', 'crm')",
        "select outbox.capture('child', 'crm', key => '{id}')",
        "insert into parent values (1, 1)",
        "insert into child values (2, 1, 'e')",
        "update parent set v = 2");
    assertEquals(
        List.of("parent insert 1", "child insert 2", "parent update 1", "child update 2"),
        outbox.query(
            "select concat_ws(' ', source_table, op, key) from outbox.message order by id"));
  }

  @Test
  void namesOfEveryKind_areSentAsTheyAre() throws SQLException {
    String longest = "ä".repeat(31) + "x";
    assertEquals(63, longest.getBytes(java.nio.charset.StandardCharsets.UTF_8).length);
    for (String name :
        List.of("Order \"Lines\"", "o'hara", longest, "a\\000b", "${x} $$ %I", "日本語")) {
      String quoted = "\"" + name.replace("\"", "\"\"") + "\"";
      outbox.execute(
          "create schema " + quoted,
          "create table "
              + quoted
              + "."
              + quoted
              + " ("
              + quoted
              + " int primary key, \"a\"\"b'c\" text)",
          "select outbox.capture('" + (quoted + "." + quoted).replace("'", "''") + "', 'crm')",
          "insert into " + quoted + "." + quoted + " values (1, 'v')",
          "update " + quoted + "." + quoted + " set " + quoted + " = 2");
      assertEquals(List.of("insert 1", "delete 1", "insert 2"), outbox.changes(), name);
      assertEquals(
          List.of(name + "/" + name),
          outbox.query("select distinct source_schema || '/' || source_table from outbox.message"));
      assertEquals(
          List.of(name),
          outbox.query(
              "select json_object_keys(new_row) from outbox.message where op = 'insert' and key = '1' limit 1"));
      assertEquals(
          List.of("{" + name + "}"),
          outbox.query("select '{' || key[1] || '}' from outbox.capture_list"));
      outbox.execute("drop schema " + quoted + " cascade", "delete from outbox.message");
    }
  }

  @Test
  void columnsNamedLikeOurOwn_areOnlyColumns() throws SQLException {
    table(
        "id int primary key, new text, old text, key text, payload text, t text, value text, r text,"
            + " tg_argv text, context text, notifies text, picked text, \"position\" text, p text, k text");
    outbox.execute(
        "insert into t (id, new, t, value) values (1, 'n', 't', 'v')",
        "update t set old = 'o', key = 'k'",
        "delete from t");
    assertEquals(List.of("insert 1", "update 1", "delete 1"), outbox.changes());
    assertEquals(
        List.of("n t v"),
        outbox.query(
            "select concat_ws(' ', new_row ->> 'new', new_row ->> 't', new_row ->> 'value')"
                + " from outbox.message where op = 'insert'"));
    outbox.execute(
        "select outbox.capture('t', 'crm', condition => 'new.new = ''n''')",
        "insert into t (id, new) values (2, 'n'), (3, 'x')");
    assertEquals(List.of("insert 1", "update 1", "delete 1", "insert 2"), outbox.changes());
  }

  /** A later change of the same row, made by a trigger, must not come out before the first. */
  @Test
  void triggerThatChangesTheRowAgain_isHeardSecond() throws SQLException {
    outbox.execute(
        "create table t (id int primary key, v int)",
        "create function again() returns trigger language plpgsql as $$ begin"
            + " update t set v = v + 1 where id = new.id; return null; end $$",
        "create trigger again after insert on t for each row execute function again()",
        "select outbox.capture('t', 'crm')",
        "insert into t values (1, 1), (2, 1)");
    assertEquals(
        List.of("1 1", "1 2", "2 1", "2 2"),
        outbox.query(
            "select (new_row ->> 'id') || ' ' || (new_row ->> 'v') from outbox.message"
                + " order by new_row ->> 'id', id"));
  }

  @Test
  void alteredColumns_goOnWithoutANewCapture() throws SQLException {
    table("id int primary key, v text, secret text");
    try (Connection c = outbox.connect()) {
      // One session, so that cached plans have to follow.
      Outbox.run(c, "insert into t values (1, 'a', 's')", "alter table t add column n numeric");
      Outbox.run(c, "update t set n = 1.50", "alter table t rename column id to order_id");
      Outbox.run(c, "update t set n = 2", "alter table t drop column v");
      Outbox.run(c, "update t set n = 3", "alter table t alter column n type text");
      Outbox.run(c, "update t set n = 'x'", "alter table t rename to u", "update u set n = 'y'");
    }
    assertEquals(
        List.of(
            "t 1 {\"id\":1,\"v\":\"a\",\"secret\":\"s\"}",
            "t 1 {\"id\":1,\"v\":\"a\",\"secret\":\"s\",\"n\":1.50}",
            "t 1 {\"order_id\":1,\"v\":\"a\",\"secret\":\"s\",\"n\":2}",
            "t 1 {\"order_id\":1,\"secret\":\"s\",\"n\":3}",
            "t 1 {\"order_id\":1,\"secret\":\"s\",\"n\":\"x\"}",
            "u 1 {\"order_id\":1,\"secret\":\"s\",\"n\":\"y\"}"),
        outbox.query(
            "select concat_ws(' ', source_table, key, new_row) from outbox.message order by id"));
  }

  @Test
  void renamedColumn_staysLeftOut() throws SQLException {
    outbox.execute(
        "create table t (id int primary key, secret text)",
        "select outbox.capture('t', 'crm', except_columns => '{secret}')",
        "alter table t rename column secret to token",
        "alter table t add column open text",
        "insert into t values (1, 'hush', 'open')");
    assertEquals(List.of("insert 1 - {\"id\":1,\"open\":\"open\"}"), outbox.messages());
  }

  @Test
  void dropTable_leavesNothingBehind() throws SQLException {
    List<String> before = outbox.query(OBJECTS);
    table("id int primary key");
    outbox.execute(
        "insert into t values (1)", "select outbox.backfill('t', 'crm')", "drop table t");
    assertEquals(before, outbox.query(OBJECTS));
    assertEquals(List.of(), outbox.query("select source::text from outbox.capture_list"));
    assertEquals(0, outbox.count("select count(*) from outbox.backfill_progress"));
  }

  private static final String OBJECTS =
      "select 'p ' || oid::regprocedure from pg_proc where pronamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace)"
          + " union all select 'c ' || oid::regclass from pg_class where relnamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace)"
          + " union all select 't ' || tgrelid::regclass || tgname from pg_trigger where not tgisinternal order by 1";
}
