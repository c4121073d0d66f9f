// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Names come out the same whatever a session says of quoting them. */
final class QuotingTest {
  private static final String EVERY_NAME = "set quote_all_identifiers = on";

  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  /** What the doctor says in a session with these settings. */
  private static List<String> findings(String... settings) throws SQLException {
    try (Connection c = outbox.connect()) {
      Outbox.run(c, settings);
      return Outbox.column(c, "select doctor::text from outbox.doctor order by 1");
    }
  }

  @Test
  void doctor_inAnySession_findsTheSame() throws SQLException {
    outbox.execute(
        "create table t (id int primary key, v int, secret text)",
        "create table parent (id int primary key)",
        "create table child () inherits (parent)",
        "create table \"Other\" (\"Id\" int primary key)",
        "select outbox.capture('t', 'crm', except_columns => '{secret}', condition => 'new.v > 1')",
        "select outbox.capture('parent', 'crm')",
        "select outbox.capture('\"Other\"', 'audit')",
        "alter table t rename column secret to token",
        "alter table \"Other\" disable trigger all",
        "set session_replication_role = replica; delete from outbox.destination where name = 'crm';"
            + " set session_replication_role = origin");
    List<String> plain = findings();
    for (String check :
        List.of(
            "capture out of step",
            "child not captured",
            "destination missing",
            "trigger disabled")) {
      assertTrue(plain.toString().contains(check), check + " in " + plain);
    }
    assertEquals(plain, findings(EVERY_NAME));
    assertEquals(plain, findings("set search_path = pg_temp"));
    assertEquals(plain, findings("set standard_conforming_strings = off"));
  }

  @Test
  void capture_whereEveryNameIsQuoted_makesTheSameTriggers() throws SQLException {
    outbox.execute(
        "create table \"Odd one\" (id int primary key, \"V\" int)", "create table t (id int)");
    String calls =
        "select outbox.capture('\"Odd one\"', 'crm', columns => '{V}', condition => 'new.\"V\" > 1');"
            + " select outbox.capture('t', 'crm', operations => '{insert,truncate}')";
    String made =
        "select pg_get_triggerdef(trigger_oid) from outbox_internal.capture_detail order by source, operation";
    outbox.execute(calls);
    final List<String> plain = outbox.query(made);
    outbox.execute("select outbox.release('\"Odd one\"')", "select outbox.release('t')");
    try (Connection c = outbox.connect()) {
      Outbox.run(c, EVERY_NAME, calls);
    }
    assertEquals(plain, outbox.query(made));
  }

  @Test
  void errors_whereEveryNameIsQuoted_nameTablesAsEver() throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "create table p (id int primary key) partition by range (id)",
        "create table p1 partition of p for values from (0) to (10)",
        "select outbox.capture('p', 'crm')");
    try (Connection c = outbox.connect()) {
      Outbox.run(c, EVERY_NAME);
      String release = Outbox.refuses(c, "55000", "select outbox.release('p1')");
      assertTrue(release.contains("select outbox.release('public.p')"), release);
      String backfill = Outbox.refuses(c, "55000", "select outbox.backfill('t', 'crm')");
      assertTrue(backfill.contains("select outbox.capture('public.t', 'crm')"), backfill);
      String key = Outbox.refuses(c, "42703", "select outbox.capture('t', 'crm', '{v}')");
      assertTrue(key.contains("that table public.t has not got"), key);
    }
  }

  @Test
  void replayAndSeeding_whereBackslashesEscape_areAsEver() throws SQLException {
    outbox.execute(
        "set outbox.headers = '{ }'; select outbox.publish('crm', '{}')",
        "update outbox.message set state = 'delivered'");
    String seed = "select outbox.start_seeding(current_user::text::regrole)::text";
    try (Connection c = outbox.connect()) {
      Outbox.run(c, "set standard_conforming_strings = off", "call outbox.replay('crm')");
      assertEquals(List.of("true"), Outbox.column(c, seed));
      assertEquals(List.of("false"), Outbox.column(c, seed));
      Outbox.run(c, "select outbox.stop_seeding()");
    }
    assertEquals(
        List.of("{\"outbox_replay_of\":\"?\"}"),
        outbox.query(
            "select regexp_replace(headers::text, '[0-9]+-[0-9a-z]+', '?') from outbox.message"
                + " where state = 'pending'"));
  }
}
