// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A value is stored with every digit, and the same whatever the writer's session says. */
final class ExactValuesTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static final String[][] VALUES = {
    {
      "numeric",
      "1234567890123456789012345678901234567890.0123456789",
      "1234567890123456789012345678901234567890.0123456789"
    },
    {"numeric(12,4)", "1.5", "1.5000"},
    {"numeric", "NaN", "\"NaN\""},
    {"numeric", "-Infinity", "\"-Infinity\""},
    {"bigint", "9223372036854775807", "9223372036854775807"},
    {"bigint", "-9223372036854775808", "-9223372036854775808"},
    {"double precision", "0.1", "0.1"},
    {"double precision", "1e-320", "1e-320"},
    {"double precision", "NaN", "\"NaN\""},
    {"double precision", "Infinity", "\"Infinity\""},
    {"real", "16777217.1", "1.6777218e+07"},
    {"boolean", "t", "true"},
    {"text", "a\"b\\c\n\t\u0001ä日😀", "\"a\\\"b\\\\c\\n\\t\\u0001ä日😀\""},
    {"char(5)", "ab", "\"ab   \""},
    {"date", "0044-03-15 BC", "\"0044-03-15 BC\""},
    {"date", "infinity", "\"infinity\""},
    {"timestamp", "2026-03-29 02:30:00.123456", "\"2026-03-29T02:30:00.123456\""},
    {"timestamptz", "2026-07-01 12:00:00+02", "\"2026-07-01T10:00:00+00:00\""},
    {"timestamptz", "-infinity", "\"-infinity\""},
    {"time", "23:59:59.999999", "\"23:59:59.999999\""},
    {"timetz", "12:00:00+02", "\"12:00:00+02\""},
    {"interval", "1 year 2 mons -3 days 04:05:06.789", "\"P1Y2M-3DT4H5M6.789S\""},
    {"bytea", "\\x00ff", "\"\\\\x00ff\""},
    {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""},
    {
      "json",
      "{\"b\": 1.10,\n \"a\": [1e400], \"b\": null}",
      "{\"b\": 1.10,\n \"a\": [1e400], \"b\": null}"
    },
    {"jsonb", "{\"b\":1.10,\"a\":2}", "{\"a\": 2, \"b\": 1.10}"},
    {"xml", "<a b=\"c\">d</a>", "\"<a b=\\\"c\\\">d</a>\""},
    {"tsvector", "the:1 cat:2A", "\"'cat':2A 'the':1\""},
    {"int4range", "[1,5)", "\"[1,5)\""},
    {
      "tstzrange", "[2026-07-01 12:00+02,infinity)", "\"[\\\"2026-07-01 10:00:00+00\\\",infinity)\""
    },
    {"daterange", "[2026-07-01,2026-07-03)", "\"[2026-07-01,2026-07-03)\""},
    {"int[]", "{{1,2},{3,NULL}}", "[[1,2],[3,null]]"},
    {"timestamptz[]", "{2026-07-01 12:00:00+02}", "[\"2026-07-01T10:00:00+00:00\"]"},
    {"interval[]", "{1 day}", "[\"P1D\"]"},
    {"bytea[]", "{\"\\\\x01\"}", "[\"\\\\x01\"]"},
    {"mood", "so so", "\"so so\""},
    {"cents", "199", "199"},
    {"pair", "(1,\"2026-07-01 12:00:00+02\")", "{\"n\":1,\"at\":\"2026-07-01T10:00:00+00:00\"}"},
    {"money", "1234.50", "\"$1,234.50\""},
    {"inet", "10.0.0.1/8", "\"10.0.0.1/8\""},
    {"bit(3)", "101", "\"101\""},
    {"point", "(0.1,2)", "\"(0.1,2)\""},
    {"regclass", "public.other", "\"public.other\""},
    {"regtype", "pair", "\"public.pair\""},
    {"oid", "4294967295", "\"4294967295\""},
    {"pg_lsn", "16/B374D848", "\"16/B374D848\""},
  };

  private static final String[] TYPES = {
    "create type mood as enum ('so so')",
    "create domain cents as bigint check (value >= 0)",
    "create type pair as (n int, at timestamptz)",
    "create table other ()"
  };

  private static final String CRAZY =
      "set timezone = 'Asia/Kathmandu'; set datestyle = 'ISO, DMY'; set intervalstyle = 'sql_standard';"
          + " set bytea_output = 'escape'; set extra_float_digits = -15; set search_path = public, pg_catalog;"
          + " set standard_conforming_strings = off; set transform_null_equals = on;"
          + " set quote_all_identifiers = on";

  /** Under a date style that the driver does not bear between two statements. */
  private static String german(String statement) {
    return "do $do$ begin set local datestyle = 'German, DMY'; "
        + statement
        + "; set local datestyle = 'ISO, DMY'; end $do$";
  }

  /** Statement-level and row-level capture, with and without a choice of columns. */
  @ParameterizedTest
  @ValueSource(strings = {"", ", except_columns => '{left_out}'", ", condition => 'true'"})
  void values_ofEveryType_areExactUnderAnySettings(String options) throws SQLException {
    StringBuilder columns = new StringBuilder("id int primary key, left_out text");
    StringBuilder values = new StringBuilder("1, null");
    StringBuilder expected = new StringBuilder("{\"id\":1");
    if (!options.contains("left_out")) {
      expected.append(",\"left_out\":null");
    }
    for (int i = 0; i < VALUES.length; i++) {
      columns.append(", c").append(i).append(' ').append(VALUES[i][0]);
      values.append(", '").append(VALUES[i][1].replace("'", "''")).append('\'');
      expected.append(",\"c").append(i).append("\":").append(VALUES[i][2]);
    }
    expected.append(",\"doubled\":2}");
    outbox.execute(TYPES);
    outbox.execute(
        "create table t (" + columns + ", doubled int generated always as (id * 2) stored)",
        "select outbox.capture('t', 'crm'" + options + ")");
    try (Connection c = outbox.connect()) {
      Outbox.run(c, "insert into t values (" + values + ")");
      Outbox.run(c, CRAZY, german("update t set id = id"), german("delete from t"));
    }
    assertEquals(
        List.of(
            "insert 1 - " + expected,
            "update 1 " + expected + " " + expected,
            "delete 1 " + expected + " -"),
        outbox.messages());
  }

  /** The same rows, found by a backfill. */
  @Test
  void backfill_underAnySettings_isExact() throws SQLException {
    StringBuilder columns = new StringBuilder("id int primary key");
    StringBuilder values = new StringBuilder("1");
    StringBuilder expected = new StringBuilder("{\"id\":1");
    for (int i = 0; i < VALUES.length; i++) {
      columns.append(", c").append(i).append(' ').append(VALUES[i][0]);
      values.append(", '").append(VALUES[i][1].replace("'", "''")).append('\'');
      expected.append(",\"c").append(i).append("\":").append(VALUES[i][2]);
    }
    outbox.execute(TYPES);
    outbox.execute(
        "create table t (" + columns + ")",
        "insert into t values (" + values + ")",
        "select outbox.capture('t', 'crm')");
    try (Connection c = outbox.connect()) {
      Outbox.run(c, CRAZY, german("perform outbox.backfill('t', 'crm')"));
    }
    assertEquals(List.of("read 1 - " + expected + "}"), outbox.messages());
  }

  @Test
  void key_isExactUnderAnySettings() throws SQLException {
    outbox.execute(
        "create table t (at timestamptz primary key)", "select outbox.capture('t', 'crm')");
    try (Connection c = outbox.connect()) {
      Outbox.run(
          c, "insert into t values ('2026-07-01 12:00:00+02')", CRAZY, german("delete from t"));
    }
    assertEquals(
        List.of("insert 2026-07-01T10:00:00+00:00", "delete 2026-07-01T10:00:00+00:00"),
        outbox.changes());
  }

  @Test
  void writersSettings_areAsBefore() throws SQLException {
    outbox.execute("create table t (id int primary key)", "select outbox.capture('t', 'crm')");
    try (Connection c = outbox.connect()) {
      Outbox.run(c, CRAZY, "insert into t values (1)");
      assertEquals(
          List.of("Asia/Kathmandu ISO, DMY escape public, pg_catalog"),
          Outbox.column(
              c,
              "select concat_ws(' ', current_setting('timezone'), current_setting('datestyle'),"
                  + " current_setting('bytea_output'), current_setting('search_path'))"));
    }
  }

  @Test
  void textOfTwentyMegabytes_isStoredWhole() throws SQLException {
    outbox.execute(
        "create table t (id int primary key, v text)",
        "select outbox.capture('t', 'crm')",
        "insert into t values (1, repeat('ä\"', 7 * 1024 * 1024))",
        "update t set id = id");
    assertEquals(
        List.of("t", "t"),
        outbox.query(
            "select m.new_row ->> 'v' = t.v and length(t.v) = 14 * 1024 * 1024 from outbox.message m, t order by m.id"));
  }

  /** Legal in a column of type json, and nothing that PostgreSQL's own functions can read. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"x\":\"\\u0000\"}",
        "{\"x\":\"\\ud800 \\u0000\\u0000\"}",
        "{\"\\udc00\":\"\\\\\\u0000\", \"y\":\"C:\\\\users\"}",
        "\"\\\\u0000 \\\\\\\\\\uDFFF\""
      })
  void jsonWithEscapesThatCannotBeRead_failsNoWriteAndIsSentAsItIs(String json) throws Exception {
    for (String options :
        List.of(
            "", ", except_columns => '{secret}'", ", condition => 'true'", ", key => '{a,b}'")) {
      outbox.reset();
      outbox.execute(
          "create table t (a text primary key, b int, j json, secret text)",
          "select outbox.capture('t', 'crm'" + options + ")",
          "insert into t values (E'k\\t\\x01\"', 1, '" + json + "', 's')",
          "update t set b = 2",
          "update t set a = 'other'",
          "insert into t select 'n' || g, g, '" + json + "', 's' from generate_series(1, 3) g",
          "update t set b = b + 1",
          "delete from t");
      String value = "coalesce(new_row, old_row)::text";
      assertEquals(
          List.of("0"),
          outbox.query(
              "select count(*) from outbox.message where strpos("
                  + value
                  + ", '\"j\":"
                  + json
                  + "') = 0"),
          options);
      assertEquals(
          options.contains("secret")
              ? List.of("0")
              : outbox.query("select count(*) from outbox.message"),
          outbox.query(
              "select count(*) from outbox.message where strpos(" + value + ", 'secret') > 0"),
          options);
      String first = options.contains("key") ? "[\"k\\t\\u0001\\\"\",1]" : "k\t\u0001\"";
      assertEquals(
          first, outbox.query("select key from outbox.message order by id limit 1").get(0));
    }
  }

  @Test
  void backfill_ofJsonThatCannotBeRead_sendsItAsItIs() throws SQLException {
    outbox.execute(
        "create table t (id int primary key, j json, secret text)",
        "insert into t values (1, '{\"x\":\"\\u0000\"}', 's')",
        "select outbox.capture('t', 'crm', except_columns => '{secret}')",
        "select outbox.backfill('t', 'crm')");
    assertEquals(
        List.of("1 {\"id\":1,\"j\":{\"x\":\"\\u0000\"}}"),
        outbox.query("select key || ' ' || new_row from outbox.message"));
  }
}
