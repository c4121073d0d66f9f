// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A table that was restored from a dump, and a column that was renamed before or after. */
final class RestoredTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  @Test
  void remedy_whereANamedColumnGoesByAnotherName_saysWhatToDo() throws SQLException {
    String[][] renamed = {
      {"", "id"}, {", except_columns => '{secret}'", "secret"}, {", columns => '{v}'", "v"},
    };
    for (String[] r : renamed) {
      outbox.execute(
          "create table t (id int primary key, v int, secret text)",
          "select outbox.capture('t', 'crm'" + r[0] + ")");
      restore();
      outbox.execute("alter table t rename " + r[1] + " to present");
      assertEquals(
          List.of((r[0].isEmpty() ? "warning" : "error") + " | capture out of step | public.t"),
          outbox.findings());
      String remedy = outbox.remedies().get(0);
      String words = "Write the present name of the column in place of " + r[1] + ", then: ";
      assertTrue(remedy.startsWith(words), remedy);
      outbox.execute(remedy.substring(words.length()).replace(r[1] + "}", "present}"));
      assertEquals(List.of(), outbox.findings());
      outbox.execute("drop table t");
    }
  }

  private static final List<String> LEVELS = List.of("", ", condition => 'true'");

  /** As pg_dump does it: the columns that there are, in their order, then the triggers. */
  private static void restore() throws SQLException {
    List<String> triggers =
        outbox.query(
            "select pg_get_triggerdef(trigger_oid) from outbox_internal.capture_detail"
                + " where source = 't'::regclass");
    String table =
        outbox
            .query(
                "select format('create table t (%s)', string_agg(format('%I %s', attname,"
                    + " format_type(atttypid, atttypmod)), ', ' order by attnum)) from pg_attribute"
                    + " where attrelid = 't'::regclass and attnum > 0 and not attisdropped")
            .get(0);
    outbox.execute("drop table t", table);
    outbox.execute(triggers.toArray(String[]::new));
  }

  private static void capture(String options) throws SQLException {
    outbox.execute(
        "drop table if exists t",
        "delete from outbox.message",
        "create table t (id int primary key, gone int, card text, v text)",
        "select outbox.capture('t', 'crm'" + options + ")");
  }

  @Test
  void secret_whoseColumnGoesByAnotherName_isNotStoredAfterTheDump() throws SQLException {
    List<String> passedOn =
        List.of(
            "alter table t rename card to card_old; alter table t add card text",
            "alter table t drop gone; alter table t rename card to card_old;"
                + " alter table t add card text",
            "alter table t rename card to x; alter table t rename v to card;"
                + " alter table t rename x to v",
            "alter table t rename v to v_old; alter table t rename card to v;"
                + " alter table t add card text",
            "alter table t rename card to token",
            "alter table t rename v to v_old; alter table t rename card to v");
    for (String options : List.of(", except_columns => '{card}'", ", columns => '{id,v}'")) {
      for (String level : LEVELS) {
        for (String change : passedOn) {
          if (options.contains("=> '{id,v}'") && !change.contains(" to v")) {
            continue;
          }
          capture(options + level);
          outbox.execute(change);
          assertEquals(1, outbox.findings().size(), change);
          String secret =
              outbox
                  .query(
                      "select attname from pg_attribute where attrelid = 't'::regclass and attnum = 3")
                  .get(0);
          restore();
          outbox.execute(
              "insert into t (id, %1$s) values (1, 'hidden'); update t set %1$s = 'hidden too'"
                  .formatted(secret),
              "select outbox.backfill('t', 'crm')");
          assertEquals(
              List.of(
                  "insert 1 - {\"id\":1}", "update 1 {\"id\":1} {\"id\":1}", "read 1 - {\"id\":1}"),
              outbox.messages(),
              options + level + ": " + change);
          assertEquals(
              List.of("error | capture out of step | public.t"), outbox.findings(), change);
          String remedy = outbox.remedies().get(0);
          assertTrue(remedy.startsWith("Columns were") || remedy.startsWith("Write"), remedy);
          // What a person must write in is refused as it stands.
          String statement = remedy.substring(remedy.indexOf("select outbox"));
          outbox.refuses(statement.contains("...") ? "22P02" : "42703", statement);
          outbox.execute(
              statement.replace(
                  statement.contains("...") ? "'...'" : "'{card}'",
                  options.contains("except") ? "'{" + secret + "}'" : "'{id}'"),
              "insert into t (id, %s) values (2, 'hidden')".formatted(secret));
          assertEquals(List.of(), outbox.findings(), change);
          assertEquals(
              List.of("0"),
              outbox.query("select count(*) from outbox.message m where m::text like '%hidden%'"));
        }
      }
    }
  }

  @Test
  void secret_thatHasTheKeysName_isNotStoredAsTheKeyAfterTheDump() throws SQLException {
    for (String options : List.of(", except_columns => '{card}'", ", columns => '{v}'")) {
      for (String level : LEVELS) {
        capture(options + level);
        outbox.execute(
            "alter table t rename id to id_old",
            "alter table t rename card to id",
            "insert into t (id_old, id) values (1, 'hidden')");
        restore();
        outbox.execute(
            "insert into t (id_old, id) values (2, 'hidden')",
            "update t set id = 'hidden too'",
            "select outbox.backfill('t', 'crm')");
        assertEquals(
            List.of("insert 1", "insert -", "update -", "read -"),
            outbox.changes(),
            options + level);
        assertEquals(
            0,
            outbox.count("select count(*) from outbox.message m where m::text like '%hidden%'"),
            options + level);
        assertEquals(List.of("error | capture out of step | public.t"), outbox.findings());
      }
    }
  }

  @Test
  void secret_thatPassedItsNameOrPlaceOn_isNotStoredAfterTheDump() throws SQLException {
    String[][] cases = {
      // The key's name goes to a column before it.
      {
        "create table t (code text, id text, v text)",
        "key => '{id}', columns => '{v}'",
        "alter table t rename id to z; alter table t rename code to id",
        "insert into t (id, z, v) values ('hidden', 'k', 'v')"
      },
      {
        "create table t (pin text, id text, v text)",
        "key => '{id}', except_columns => '{pin}'",
        "alter table t rename id to z; alter table t rename pin to id",
        "insert into t (id, z, v) values ('hidden', 'k', 'v')"
      },
      // The last column is left out, and its name goes to one before it.
      {
        "create table t (id int primary key, code text, pin text)",
        "except_columns => '{pin}'",
        "alter table t rename pin to x; alter table t rename code to pin",
        "insert into t (id, pin, x) values (2, 'c', 'hidden')"
      },
    };
    for (String[] c : cases) {
      for (String level : LEVELS) {
        outbox.execute(
            "drop table if exists t",
            "delete from outbox.message",
            c[0],
            "select outbox.capture('t', 'crm', " + c[1] + level + ")",
            c[2]);
        restore();
        outbox.execute(c[3], "select outbox.backfill('t', 'crm')");
        assertEquals(2, outbox.messages().size());
        assertEquals(
            0,
            outbox.count("select count(*) from outbox.message m where m::text like '%hidden%'"),
            c[2] + level);
        assertEquals(List.of("error | capture out of step | public.t"), outbox.findings());
      }
    }
  }

  /** A dump puts the columns that a table inherits before its own, whatever their order was. */
  @Test
  void secret_ofATableThatInherits_isNotStoredAfterTheDump() throws SQLException {
    outbox.execute(
        "create table parent (id int)",
        "create table t (pin text) inherits (parent)",
        "select outbox.capture('t', 'crm', key => '{id}', except_columns => '{pin}')",
        "alter table t rename pin to pin_old",
        "alter table parent add pin text");
    List<String> triggers =
        outbox.query(
            "select pg_get_triggerdef(trigger_oid) from outbox_internal.capture_detail"
                + " where source = 't'::regclass");
    outbox.execute("drop table t", "create table t (pin_old text) inherits (parent)");
    outbox.execute(triggers.toArray(String[]::new));
    outbox.execute("insert into t (id, pin, pin_old) values (2, 'n', 'hidden')");
    assertEquals(List.of("insert 2 - {\"id\":2}"), outbox.messages());
    assertEquals(List.of("error | capture out of step | public.t"), outbox.findings());
  }

  @Test
  void capturesForTwoDestinations_keepTheirKeysAfterTheDump() throws SQLException {
    for (String level : LEVELS) {
      outbox.execute(
          "drop table if exists t",
          "delete from outbox.message",
          "delete from outbox.destination where name in ('a', 'z')",
          "insert into outbox.destination (name, uri) values ('a', 'tcp://localhost:9'), ('z',"
              + " 'tcp://localhost:9')",
          "create table t (id int primary key, v text, secret text)",
          "select outbox.capture('t', 'crm'" + level + ")",
          "select outbox.capture('t', 'a', columns => '{v}'" + level + ")",
          "select outbox.capture('t', 'z', columns => '{v}'" + level + ")");
      restore();
      outbox.execute("insert into t values (2, 'b', 'hidden')", "update t set v = 'c'");
      assertEquals(
          List.of("a 2", "a 2", "crm 2", "crm 2", "z 2", "z 2"),
          outbox.query("select destination || ' ' || key from outbox.message order by 1"),
          level);
    }
  }

  /** Captured with the same columns and different keys, and a column renamed since. */
  @Test
  void keyOfOneDestination_doesNotReachTheOtherAfterTheDump() throws SQLException {
    for (String level : LEVELS) {
      outbox.execute(
          "drop table if exists t",
          "delete from outbox.message",
          "create table t (id int primary key, code text, v text)",
          "select outbox.capture('t', 'crm', key => '{id}', columns => '{v}'" + level + ")",
          "select outbox.capture('t', 'audit', key => '{code}', columns => '{v}'" + level + ")",
          "alter table t rename v to w");
      restore();
      outbox.execute("insert into t values (2, 'hidden', 'a')");
      assertEquals(
          List.of("audit hidden {}", "crm 2 {}"),
          outbox.query(
              "select concat_ws(' ', destination, key, new_row) from outbox.message order by 1"),
          level);
    }
  }

  @Test
  void columns_addedAndDroppedBeforeTheDump_goOn() throws SQLException {
    for (String level : LEVELS) {
      capture(", except_columns => '{card}'" + level);
      outbox.execute("alter table t drop gone", "alter table t add more text");
      assertEquals(List.of(), outbox.findings());
      restore();
      outbox.execute(
          "alter table t add later text", "insert into t values (1, 'hidden', 'a', 'b', 'c')");
      assertEquals(
          List.of("insert 1 - {\"id\":1,\"v\":\"a\",\"more\":\"b\",\"later\":\"c\"}"),
          outbox.messages());
      assertEquals(List.of("warning | capture out of step | public.t"), outbox.findings());
      outbox.mend();
    }
  }

  @Test
  void excludedColumn_droppedAndMended_staysExcludedAfterTheDump() throws SQLException {
    for (String level : LEVELS) {
      capture(", except_columns => '{card}'" + level);
      outbox.execute("alter table t drop card");
      outbox.mend();
      restore();
      outbox.execute("insert into t values (1, 2, 'a')");
      assertEquals(List.of("warning | capture out of step | public.t"), outbox.findings());
      outbox.mend();
      restore();
      outbox.execute("alter table t add card text", "update t set card = 'hidden'");
      outbox.execute("insert into t values (2, 2, 'b', 'hidden')");
      assertEquals(
          List.of(
              "insert 1 - {\"id\":1,\"gone\":2,\"v\":\"a\"}",
              "insert 2 - {\"id\":2,\"gone\":2,\"v\":\"b\"}"),
          outbox.messages());
    }
  }
}
