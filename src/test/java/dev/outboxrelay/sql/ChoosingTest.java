// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What outbox.capture may be told, and the caller's context. */
final class ChoosingTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute("create table t (id int primary key, v int, secret text)");
  }

  private void capture(String options) throws SQLException {
    outbox.execute("select outbox.capture('t', 'crm'" + options + ")");
  }

  @Test
  void operations_onlyThoseNamed() throws SQLException {
    capture(", operations => '{delete}'");
    outbox.execute("insert into t values (1)", "update t set v = 1", "delete from t");
    assertEquals(List.of("delete 1"), outbox.changes());
  }

  @Test
  void columns_onlyThoseNamedAreStored() throws SQLException {
    capture(", columns => '{v,id}'");
    outbox.execute("insert into t values (1, 2, 'hush')", "update t set secret = 'hush2'");
    assertEquals(
        List.of("insert 1 - {\"id\":1,\"v\":2}", "update 1 {\"id\":1,\"v\":2} {\"id\":1,\"v\":2}"),
        outbox.messages());
  }

  /** Such arrays come of functions, and of int2vector. */
  @Test
  void arrays_thatBeginAnywhereOrHaveDimensions_areTakenForTheirElements() throws SQLException {
    for (String[] a :
        new String[][] {
          {"key => '[0:0]={id}'", "insert 1 - {\"id\":1,\"v\":2,\"secret\":\"s\"}"},
          {"key => '[3:4]={id,v}'", "insert [1,2] - {\"id\":1,\"v\":2,\"secret\":\"s\"}"},
          {"key => '{{id},{v}}'", "insert [1,2] - {\"id\":1,\"v\":2,\"secret\":\"s\"}"},
          {"columns => '[0:1]={id,v}'", "insert 1 - {\"id\":1,\"v\":2}"},
          {"except_columns => '[0:0]={secret}'", "insert 1 - {\"id\":1,\"v\":2}"},
        }) {
      capture(", " + a[0]);
      outbox.execute("delete from outbox.message", "insert into t values (1, 2, 's')");
      assertEquals(List.of(a[1]), outbox.messages(), a[0]);
      outbox.execute("select outbox.release('t')", "delete from t");
    }
  }

  @Test
  void exceptColumns_neverReachTheStagingTable() throws SQLException {
    capture(", except_columns => '{secret}'");
    outbox.execute("insert into t values (1, 2, 'hush')", "update t set v = 3", "delete from t");
    assertEquals(
        0, outbox.count("select count(*) from outbox.message m where m::text like '%hush%'"));
    outbox.execute(
        "alter table t add column more text", "insert into t values (2, 2, 'hush', 'm')");
    assertEquals(
        List.of("{\"id\":2,\"v\":2,\"more\":\"m\"}"),
        outbox.query("select new_row from outbox.message where key = '2'"));
  }

  @Test
  void includeOld_false_storesTheKeyOnly() throws SQLException {
    capture(", include_old => false");
    outbox.execute("insert into t values (1, 2)", "update t set v = 3", "delete from t");
    assertEquals(
        List.of(
            "insert 1 - {\"id\":1,\"v\":2,\"secret\":null}",
            "update 1 - {\"id\":1,\"v\":3,\"secret\":null}",
            "delete 1 - -"),
        outbox.messages());
  }

  @Test
  void skipUnchanged_leavesOutUpdatesThatChangeNothingSent() throws SQLException {
    capture(", except_columns => '{secret}', skip_unchanged => true");
    outbox.execute("insert into t values (1, 2), (2, 2)", "update t set v = 2, secret = 'x'");
    assertEquals(List.of("insert 1", "insert 2"), outbox.changes());
    outbox.execute("update t set v = id");
    assertEquals(List.of("insert 1", "insert 2", "update 1"), outbox.changes());
    outbox.execute("update t set id = 3 where id = 2");
    assertEquals(
        List.of("insert 1", "insert 2", "update 1", "delete 2", "insert 3"), outbox.changes());
    capture(", condition => 'true', except_columns => '{secret}', skip_unchanged => true");
    outbox.execute(
        "delete from outbox.message",
        "update t set secret = 'y'",
        "update t set v = 9 where id = 1");
    assertEquals(List.of("update 1"), outbox.changes());
  }

  @Test
  void condition_onNewAndOld_choosesRows() throws SQLException {
    capture(", condition => 'old.v > 5 or new.v > 5'");
    outbox.execute(
        "insert into t values (1, 1), (2, 6)",
        "update t set v = 7 where id = 1",
        "update t set v = 1",
        "update t set v = 2",
        "delete from t where id = 1",
        "insert into t values (3, 9)",
        "delete from t where id = 3");
    assertEquals(
        List.of("insert 2", "update 1", "update 2", "update 1", "insert 3", "delete 3"),
        outbox.changes());
    capture(", condition => 'old.v is distinct from new.v -- a change of v'");
    outbox.execute(
        "delete from outbox.message",
        "insert into t values (4, 1)",
        "update t set secret = 'x'",
        "update t set v = 8 where id = 4");
    assertEquals(List.of("update 4"), outbox.changes());
  }

  @Test
  void condition_whereEveryNameIsQuoted_isTakenAsWell() throws SQLException {
    try (Connection c = outbox.connect()) {
      Outbox.run(
          c,
          "set quote_all_identifiers = on",
          "select outbox.capture('t', 'crm', condition => 'new.id > 1')",
          "insert into t values (1), (2)");
    }
    assertEquals(List.of("2"), outbox.query("select key from outbox.message"));
  }

  @Test
  void condition_withLiteralsAndNamesThatLookLikeRows_isLeftAlone() throws SQLException {
    outbox.execute("alter table t add column \"new.x\" text default 'new.v'");
    capture(", condition => 'new.\"new.x\" = ''new.v'' and E''a\\\\new.b'' <> ''old.v'''");
    outbox.execute("insert into t values (1, 1)", "delete from t");
    assertEquals(List.of("insert 1", "delete 1"), outbox.changes());
  }

  @Test
  void capturedTwice_isReplaced() throws SQLException {
    capture("");
    capture(", operations => '{insert}', key => '{v}'");
    outbox.execute("insert into t values (1, 2)", "delete from t");
    assertEquals(List.of("insert 2"), outbox.changes());
    assertEquals(
        List.of("t crm {insert} statement {v}"),
        outbox.query(
            "select concat_ws(' ', source, destination, operations, level, key) from outbox.capture_list"));
  }

  @Test
  void severalDestinations_eachGetTheirs() throws SQLException {
    capture("");
    outbox.execute(
        "select outbox.capture('t', 'audit', except_columns => '{secret}')",
        "insert into t values (1, 2, 'hush')");
    assertEquals(
        List.of("audit f", "crm t"),
        outbox.query(
            "select destination || ' ' || (new_row::text like '%hush%')::text::char from outbox.message order by 1"));
    outbox.execute("select outbox.release('t', 'crm')", "insert into t values (2)");
    assertEquals(
        List.of("1"),
        outbox.query("select count(*) from outbox.message where destination = 'crm'"));
    outbox.execute("select outbox.release('t')", "insert into t values (3)");
    assertEquals(3, outbox.count("select count(*) from outbox.message"));
    assertEquals(List.of("f"), outbox.query("select outbox.release('t')"));
  }

  @Test
  void badArguments_areNamedWithWhatWouldBeRight() throws SQLException {
    String[][] wrong = {
      {"42704", "select outbox.capture('t', 'nope')", "'nope'", "audit, crm"},
      {"42704", "select outbox.capture('t', null)", "null", "insert into outbox.destination"},
      {"42P01", "select outbox.capture('nope', 'crm')", "nope", ""},
      {"22004", "select outbox.capture(null, 'crm')", "source is null", ""},
      {"42703", "select outbox.capture('t', 'crm', key => '{idd}')", "'idd'", "id, v, secret"},
      {"42703", "select outbox.capture('t', 'crm', key => '{ctid}')", "'ctid'", "id, v, secret"},
      {"42701", "select outbox.capture('t', 'crm', key => '{id,id}')", "twice", ""},
      {
        "22023", "select outbox.capture('t', 'crm', operations => '{upsert}')", "upsert", "truncate"
      },
      {"22023", "select outbox.capture('t', 'crm', operations => '{}')", "{}", "truncate"},
      {"22023", "select outbox.capture('t', 'crm', operations => null)", "null", "truncate"},
      {"42703", "select outbox.capture('t', 'crm', columns => '{x}')", "columns", "id, v, secret"},
      {
        "42703",
        "select outbox.capture('t', 'crm', except_columns => '{x}')",
        "except_columns",
        "id, v, secret"
      },
      {"22023", "select outbox.capture('t', 'crm', columns => '{}')", "columns is empty", ""},
      {
        "22023",
        "select outbox.capture('t', 'crm', columns => '{v}', except_columns => '{v}')",
        "both",
        "one of them"
      },
      {
        "22023",
        "select outbox.capture('t', 'crm', condition => 'new.nope = 1')",
        "new.nope",
        "CREATE TRIGGER"
      },
      {"22023", "select outbox.capture('t', 'crm', condition => 'v > 1')", "v > 1", "new.status"},
      {"22023", "select outbox.capture('t', 'crm', condition => ' ')", "empty", ""},
      {
        "22023",
        "select outbox.capture('t', 'crm', fires => 'never')",
        "never",
        "origin, always or replica"
      },
      {"42809", "select outbox.capture('pg_stat_activity', 'crm')", "view", "tables"},
      {"42809", "select outbox.capture('outbox.message', 'crm')", "outbox.message", ""},
      {"55000", "select outbox.backfill('t', 'crm')", "not captured", "select outbox.capture"},
    };
    for (String[] w : wrong) {
      String refused = outbox.refuses(w[0], w[1]);
      assertTrue(refused.contains(w[2]) && refused.contains(w[3]), w[1] + ": " + refused);
    }
    assertEquals(List.of(), outbox.query("select source::text from outbox.capture_list"));
  }

  @Test
  void fires_alwaysReplicaOrOrigin_obeysTheReplicationRole() throws SQLException {
    for (String[] expected :
        new String[][] {{"origin", "1", "0"}, {"always", "1", "1"}, {"replica", "0", "1"}}) {
      capture(", fires => '" + expected[0] + "'");
      outbox.execute("delete from t", "delete from outbox.message", "insert into t values (1)");
      assertEquals(
          expected[1],
          outbox.query("select count(*)::text from outbox.message").get(0),
          expected[0]);
      outbox.execute("delete from outbox.message");
      try (Connection c = outbox.connect()) {
        Outbox.run(c, "set session_replication_role = replica", "insert into t values (2)");
      }
      assertEquals(
          expected[2],
          outbox.query("select count(*)::text from outbox.message").get(0),
          expected[0]);
    }
  }

  @Test
  void headers_ofTheWritersSession_areCopied() throws SQLException {
    capture("");
    try (Connection c = outbox.connect()) {
      Outbox.run(c, "set outbox.headers = '{\"traceparent\":\"00-ab\",\"user\":\"eve\"}'");
      Outbox.run(c, "insert into t values (1)", "select outbox.publish('crm', '{}')");
      Outbox.run(c, "reset outbox.headers", "insert into t values (2)");
    }
    assertEquals(
        List.of("1 eve", " eve", "2"),
        outbox.query(
            "select concat_ws(' ', coalesce(key, ''), headers ->> 'user') from outbox.message order by id"));
  }

  @Test
  void headers_setForOneTransaction_goWithEveryOperationOfIt() throws SQLException {
    for (String rows : List.of("", ", condition => 'true'")) {
      outbox.reset();
      prepare();
      outbox.execute("insert into t values (1)");
      capture(", operations => '{insert,update,delete,truncate}'" + rows);
      try (Connection c = outbox.connect()) {
        Outbox.run(
            c,
            "begin",
            "set local outbox.headers = '{\"user\":\"eve\"}'",
            "insert into t values (2)",
            "update t set v = 1",
            "update t set id = 3 where id = 1",
            "delete from t where id = 2",
            "truncate t",
            "select outbox.publish('crm', '{}')",
            "select outbox.publish('crm', '{}', headers => '{\"user\":\"own\"}')",
            "commit",
            "insert into t values (4)");
      }
      assertEquals(
          List.of(
              "delete eve 2",
              "insert eve 2",
              "insert nobody 1",
              "message eve 1",
              "message own 1",
              "truncate eve 1",
              "update eve 2"),
          outbox.query(
              "select concat_ws(' ', op, coalesce(headers ->> 'user', 'nobody'), count(*))"
                  + " from outbox.message group by op, headers ->> 'user' order by 1"),
          rows);
    }
  }

  @Test
  void malformedHeaders_neverFailTheWrite() throws SQLException {
    capture("");
    try (Connection c = outbox.connect()) {
      int id = 0;
      for (String bad :
          List.of("{", "[1]", "\"x\"", "null", "{\"a\":1} x", "\\u0000", "x".repeat(100_000))) {
        try (var s = c.prepareStatement("select set_config('outbox.headers', ?, false)")) {
          s.setString(1, bad);
          s.execute();
        }
        id++;
        Outbox.run(c, "insert into t values (" + id + ")");
      }
    }
    assertEquals(
        List.of("7"),
        outbox.query(
            "select count(*) from outbox.message where length(headers ->> 'malformed') between 1 and 1000"));
  }

  @Test
  void condition_whereBackslashesAreEscapes_meansWhatItMeansElsewhere() throws SQLException {
    outbox.execute("create table s (id int primary key, v text)");
    try (Connection c = outbox.connect()) {
      Outbox.run(
          c,
          "set escape_string_warning = off",
          "set standard_conforming_strings = off",
          "select outbox.capture('s', 'crm', condition => 'new.v ~ ''^\\\\d+$''')",
          "insert into s values (1, '123'), (2, 'ddd')",
          "select outbox.backfill('s', 'crm', condition => 'v ~ ''^\\\\d+$''')");
    }
    assertEquals(List.of("insert 1", "read 1"), outbox.changes());
  }
}
