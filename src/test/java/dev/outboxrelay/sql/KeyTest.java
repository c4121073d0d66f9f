// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The key's columns are followed when another column gets their names. */
final class KeyTest {
  private static final List<String> LEVELS = List.of("", ", condition => 'true'");

  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @Test
  void renamedKey_whoseNameANewColumnGets_isStillTheKey() throws SQLException {
    for (String level : LEVELS) {
      outbox.execute(
          "create table t (id int primary key, v text)",
          "select outbox.capture('t', 'crm'" + level + ")",
          "alter table t rename id to pk",
          "alter table t add id text",
          "insert into t values (1, 'a')",
          "insert into t values (2, 'b', 'zz')",
          "update t set id = 'y'",
          "delete from t",
          "insert into t values (3, 'c', 'x'), (4, 'd', null)",
          "select outbox.backfill('t', 'crm')");
      assertEquals(
          List.of(
              "insert 1",
              "insert 2",
              "update 1",
              "update 2",
              "delete 1",
              "delete 2",
              "insert 3",
              "insert 4",
              "read 3",
              "read 4"),
          outbox.changes());
      outbox.reset();
    }
  }

  @Test
  void namesOfACompositeKey_swapped_keepTheOrderOfTheirColumns() throws SQLException {
    for (String level : LEVELS) {
      outbox.execute(
          "create table t (a int, b int, v text, primary key (a, b))",
          "select outbox.capture('t', 'crm'" + level + ")",
          "insert into t values (1, 2)",
          "alter table t rename a to c",
          "alter table t rename b to a",
          "alter table t rename c to b",
          "update t set v = 'x'");
      assertEquals(List.of("insert [1,2]", "update [1,2]"), outbox.changes());
      outbox.reset();
    }
  }

  /** The way a key of another type is put in place without a long lock. */
  @Test
  void keyReplacedByAnotherColumn_goesOnWithTheSameValues() throws SQLException {
    for (String level : LEVELS) {
      outbox.execute(
          "create table t (id int primary key, v text)",
          "select outbox.capture('t', 'crm'" + level + ")",
          "insert into t values (1, 'a')",
          "alter table t add id_new bigint",
          "update t set id_new = id",
          "alter table t drop constraint t_pkey",
          "alter table t rename id to id_old",
          "alter table t alter id_old drop not null",
          "alter table t rename id_new to id",
          "update t set v = 'b'",
          "insert into t (id, v) values (5, 'x')",
          "alter table t drop id_old",
          "update t set v = 'c'");
      assertEquals(
          List.of("insert 1", "update 1", "update 1", "insert 5", "update 1", "update 5"),
          outbox.changes());
      outbox.reset();
    }
  }

  @Test
  void chosenColumns_withoutTheOneThatGetsTheKeysName_doNotStoreItAsTheKey() throws SQLException {
    List<String> tables =
        List.of(
            "create table t (n int, code text, card text)",
            "create table t (code text, card text, n int)",
            "create table t (card text, n int, code text)");
    for (String table : tables) {
      for (String level : LEVELS) {
        outbox.execute(
            table,
            "select outbox.capture('t', 'crm', key => '{code}', columns => '{n}'" + level + ")",
            "insert into t (n, code, card) values (1, 'c1', 'hidden')",
            "alter table t rename code to label",
            "alter table t rename card to code",
            "update t set n = 2, code = 'hidden too'",
            "insert into t (n, label, code) values (3, 'c3', 'hidden'), (4, 'c4', 'hidden')",
            "update t set label = label || 'x' where n >= 3",
            "delete from t where n = 4",
            "select outbox.backfill('t', 'crm')",
            "alter table t drop label",
            "insert into t (n, code) values (6, 'hidden')",
            "update t set n = 7, code = 'hidden too' where n = 6",
            "select outbox.backfill('t', 'crm', condition => 'n = 7')");
        assertEquals(
            0,
            outbox.count("select count(*) from outbox.message m where m::text like '%hidden%'"),
            table + level);
        assertEquals(
            List.of(
                "insert c1 - {\"n\":1}",
                "update c1 {\"n\":1} {\"n\":2}",
                "insert c3 - {\"n\":3}",
                "insert c4 - {\"n\":4}",
                "delete c3 {\"n\":3} -",
                "delete c4 {\"n\":4} -",
                "insert c3x - {\"n\":3}",
                "insert c4x - {\"n\":4}",
                "delete c4x {\"n\":4} -",
                "read c1 - {\"n\":2}",
                "read c3x - {\"n\":3}",
                "insert - - {\"n\":6}",
                "update - {\"n\":6} {\"n\":7}",
                "read - - {\"n\":7}"),
            // By row, the pairs of an update follow one another.
            level.isEmpty() ? outbox.messages() : paired(outbox.messages()),
            table + level);
        outbox.reset();
      }
    }
  }

  private static List<String> paired(List<String> messages) {
    List<String> byStatement = new ArrayList<>(messages);
    byStatement.add(5, byStatement.remove(6));
    return byStatement;
  }

  /** What PostgreSQL takes for equal is one key, however it is written: an order is kept by it. */
  @Test
  void keysThatAreEqual_howeverWritten_areOneKey() throws SQLException {
    outbox.execute(
        "create extension if not exists citext with schema public",
        "create domain amount as numeric",
        "create domain price as numeric(8,2)");
    String[][] cases = {
      {"numeric", "1.0", "1.00", "1"},
      {"numeric", "10", "10.0", "10"},
      {"numeric(8,2)", "1.5", "1.500", "1.50"},
      {"amount", "1.5", "1.50", "1.5"},
      {"price", "1.5", "1.500", "1.50"},
      {"numeric", "'NaN'", "'NaN'", "NaN"},
      {"float8", "'-0'", "0", "0"},
      {"float4", "'-0'", "0", "0"},
      {"citext", "'Ada'", "'ADA'", "ada"},
      {"bpchar", "'a'", "'a  '", "a"},
      {"char(3)", "'a'", "'a '", "a  "},
    };
    for (String level : LEVELS) {
      for (String[] c : cases) {
        String[] statements = {
          "create table t (id " + c[0] + " primary key, v text)",
          "select outbox.capture('t', 'crm'" + level + ")",
          "insert into t values (" + c[1] + ", 'a')",
          "update t set id = " + c[2],
          "delete from t",
          "insert into t values (" + c[2] + ", 'a')",
          "select outbox.backfill('t', 'crm')"
        };
        outbox.execute(statements);
        assertEquals(
            List.of("insert " + c[3], "update " + c[3], "delete " + c[3]),
            outbox.changes().subList(0, 3),
            c[0] + level);
        assertEquals(
            List.of("insert " + c[3], "read " + c[3]),
            outbox.changes().subList(3, 5),
            c[0] + level);
        outbox.execute("drop table t", "delete from outbox.message");
      }
      outbox.execute(
          "create table t (n int, id numeric, v text, c citext, primary key (id, c))",
          "select outbox.capture('t', 'crm'" + level + ")",
          "insert into t values (7, 1.0, 'a', 'B')",
          "update t set id = 1.00, c = 'b'");
      assertEquals(List.of("insert [1,\"b\"]", "update [1,\"b\"]"), outbox.changes(), level);
      outbox.execute("drop table t", "delete from outbox.message");
    }
  }

  @Test
  void keyWhoseTextsCannotBeMadeOne_isRefusedWithWhatToDo() throws SQLException {
    outbox.execute(
        "create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
    for (String type :
        List.of("text collate loose", "interval", "jsonb", "numeric[]", "numrange", "interval[]")) {
      outbox.execute("create table t (id " + type + " primary key, v text)");
      String refused = outbox.refuses("22023", "select outbox.capture('t', 'crm')");
      assertTrue(refused.contains("values of id for equal"), refused);
      assertTrue(refused.contains("key => '{}'"), refused);
      outbox.execute(
          "select outbox.capture('t', 'crm', key => '{v}')",
          "select outbox.capture('t', 'crm', key => '{}')",
          "drop table t");
    }
    for (String type : List.of("int[]", "int4range", "date", "timestamptz", "bytea", "inet")) {
      outbox.execute(
          "create table t (id " + type + " primary key, v text)",
          "select outbox.capture('t', 'crm')",
          "drop table t");
    }
  }

  /** No write fails for a key whose column has another type by now. */
  @Test
  void keyOfAnotherTypeThanAtTheCapture_failsNoWrite() throws SQLException {
    outbox.execute(
        "create table t (id numeric primary key, v text)",
        "select outbox.capture('t', 'crm')",
        "alter table t alter id type text",
        "insert into t values ('x 1.0', 'a'), ('1.0', 'b')",
        "alter table t alter id type jsonb using to_jsonb(id)",
        "insert into t values ('{\"a\":1.0}', 'c')");
    assertEquals(List.of("insert x 1.0", "insert 1.0", "insert {\"a\": 1.0}"), outbox.changes());
  }
}
