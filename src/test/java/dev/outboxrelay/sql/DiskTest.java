// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A receiver that is away for long: how much is owed, its limit, and the ways out. */
final class DiskTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static final String OWED =
      "select count(*) from outbox.message where destination = 'crm'";
  private static final String TRIGGERS =
      "select count(*) from pg_trigger where tgrelid = 'outbox.pending'::regclass"
          + " and tgname like 'not_written%'";

  @AfterEach
  void startCapturing() throws SQLException {
    outbox.execute("select outbox.start_capturing(name) from outbox.destination");
  }

  @BeforeEach
  void captureOrders() throws SQLException {
    outbox.execute(
        "truncate outbox.owed, outbox.shed_record",
        "drop table if exists orders",
        "create table orders (id int primary key, note text)",
        "select outbox.capture('orders', 'crm', operations => '{insert,update,delete,truncate}')",
        "select outbox.capture('orders', 'audit')");
  }

  @Test
  void owedBytes_ofSmallTable_areExactAndCountLargeValues() throws SQLException {
    outbox.execute(
        "insert into orders values (1, 'a')",
        "insert into orders select 2, string_agg(md5(n::text), '') from generate_series(1, 10000) n");
    assertEquals(
        List.of("audit 2 t", "crm 2 t"),
        outbox.query(
            "select name || ' ' || messages || ' ' || (bytes between 320000 and 322000)"
                + "::boolean::text::char from outbox.owed_bytes() order by name"));
  }

  @Test
  void owedBytes_ofLargeTable_readNoLargeValue() throws SQLException {
    outbox.execute(
        "alter table outbox.pending set (fillfactor = 10)",
        "insert into orders select n, repeat('x', 700) from generate_series(1, 4000) n",
        "insert into orders select 0, string_agg(md5(n::text), '') from generate_series(1, 90000) n");
    assertTrue(outbox.count("select pg_relation_size('outbox.pending') / 8192") > 7000);
    long blocks;
    try (Connection session = outbox.connect()) {
      Outbox.run(session, "select outbox.owed_bytes()");
      long before = read(session);
      Outbox.run(session, "select outbox.owed_bytes()");
      blocks = read(session) - before;
    }
    outbox.execute("alter table outbox.pending reset (fillfactor)");
    assertEquals(0, blocks);
    assertEquals(
        List.of("t"),
        outbox.query("select messages = 4001 and not estimated from outbox.owed_bytes('crm')"));
  }

  private static long read(Connection session) throws SQLException {
    try (var s = session.createStatement()) {
      s.execute("select pg_stat_force_next_flush()");
    } catch (SQLException e) {
      // PostgreSQL 14 has none, and tells a little late.
    }
    try (var s = session.createStatement();
        var r =
            s.executeQuery(
                "select toast_blks_read + toast_blks_hit"
                    + " from pg_statio_user_tables where relid = 'outbox.pending'::regclass")) {
      r.next();
      return r.getLong(1);
    }
  }

  @Test
  void measure_ofGrowingDestination_showsBytesGrowthAndWhenTheLimitComes() throws SQLException {
    outbox.execute(
        "update outbox.destination set max_owed_bytes = 1000000 where name = 'crm'",
        "insert into orders select n, repeat('x', 200) from generate_series(1, 100) n",
        "select outbox.measure()",
        "update outbox.owed set measured_at = measured_at - interval '10 minutes'",
        "insert into orders select n, repeat('x', 200) from generate_series(101, 200) n",
        "select outbox.measure()");
    assertEquals(
        List.of("t t t"),
        outbox.query(
            "select concat_ws(' ', owed_bytes between 50000 and 80000, owed_growth between 140000 and"
                + " 260000, limit_at between now() + interval '2 hours' and now() + interval '8 hours')"
                + " from outbox.status where destination = 'crm'"));
  }

  @Test
  void limit_withAlarmAlone_changesNothingAndSaysSinceWhen() throws SQLException {
    outbox.execute(
        "update outbox.destination set max_owed_bytes = 1000 where name = 'crm'",
        "insert into orders select n from generate_series(1, 100) n");
    assertEquals(List.of(), outbox.query("select * from outbox.measure()"));
    assertEquals(
        List.of("100 t"),
        outbox.query(
            "select concat_ws(' ', pending, limit_at <= now()) from outbox.status"
                + " where destination = 'crm'"));
  }

  @Test
  void limit_withStopCapturing_stopsThisDestinationAloneAndFailsNoWrite() throws SQLException {
    outbox.execute(
        "update outbox.destination set max_owed_bytes = 1000, on_max_owed = 'stop_capturing'"
            + " where name = 'crm'",
        "insert into orders select n from generate_series(1, 100) n");
    assertEquals(
        List.of("crm"),
        outbox.query("select destination from outbox.measure() where done ~ 'stopped'"));
    outbox.execute("insert into orders values (200)", "update orders set id = 201 where id = 200");
    outbox.execute("truncate orders", "insert into orders values (1)");
    assertEquals(100, outbox.count(OWED));
    assertEquals(
        4 + 100 - 1,
        outbox.count("select count(*) from outbox.message where destination = 'audit'") - 1);
    assertEquals(
        List.of("max_owed_bytes was reached"),
        outbox.query(
            "select capture_stopped_for from outbox.status where capture_stopped_since is not null"));
    assertEquals(List.of(), outbox.query("select * from outbox.measure()"));
    outbox.execute("select outbox.start_capturing('crm')", "insert into orders values (2)");
    assertEquals(101, outbox.count(OWED));
    assertEquals(0, outbox.count(TRIGGERS));
  }

  @Test
  void limit_withShed_keepsTheNewestAndRecordsWhatWent() throws SQLException {
    outbox.execute(
        "insert into orders select n, repeat('x', 1000) from generate_series(1, 9000) n",
        "update outbox.destination set max_owed_bytes = 5000000, on_max_owed = 'shed'"
            + " where name = 'crm'");
    assertEquals(
        List.of("crm 5000 messages shed, since max_owed_bytes was reached; see outbox.shed_record"),
        outbox.query("select destination || ' ' || done from outbox.measure()"));
    assertEquals(
        List.of("5001 9000"),
        outbox.query(
            "select min(key::int) || ' ' || max(key::int) from outbox.message"
                + " where destination = 'crm'"));
    assertEquals(
        9000, outbox.count("select count(*) from outbox.message where destination = 'audit'"));
    assertEquals(
        List.of("5000 max_owed_bytes {\"public.orders insert\": 5000}"),
        outbox.query("select concat_ws(' ', messages, shed_by, contents) from outbox.shed_record"));
    assertEquals(List.of(), outbox.query("select * from outbox.measure()"));
  }

  @Test
  void shed_ofAllStates_goesByAgeAndLeavesMarksOfTruncateAndKeptMessages() throws SQLException {
    outbox.execute(
        "insert into orders values (1), (2), (3)",
        "truncate orders",
        "insert into orders values (4)");
    try (Connection relay = outbox.connect()) {
      Outbox.run(
          relay,
          "set outbox.relay = on",
          "update outbox.message set state = 'failed' where destination = 'crm' and key = '1'",
          "update outbox.message set state = 'delivered' where destination = 'crm' and key = '2'",
          "update outbox.message set state = 'retry' where destination = 'crm' and key = '3'");
    }
    assertEquals(2, outbox.count("select outbox.shed('crm', 2, 'disk')"));
    assertEquals(
        List.of("delivered 2", "pending", "pending 4"),
        outbox.query(
            "select concat_ws(' ', state, key) from outbox.message where destination = 'crm'"
                + " order by id"));
    assertEquals(1, outbox.count("select outbox.shed('crm', 2, 'disk')"));
    assertEquals(0, outbox.count("select outbox.shed('crm', 2, 'disk')"));
    assertEquals(
        List.of("truncate"),
        outbox.query(
            "select op from outbox.message where destination = 'crm' and state <> 'delivered'"));
    assertEquals(
        List.of("3 disk {\"public.orders insert\": 3}"),
        outbox.query("select concat_ws(' ', messages, reason, contents) from outbox.shed_record"));
  }

  @Test
  void shed_whatSomebodyHasLocked_isPassedOverWithoutWaiting() throws SQLException {
    outbox.execute("insert into orders values (1), (2)");
    try (Connection other = outbox.connect()) {
      other.setAutoCommit(false);
      Outbox.run(other, "select from outbox.pending where key = '1' for update");
      assertEquals(1, outbox.count("select outbox.shed('crm', 10)"));
    }
    assertEquals(
        List.of("1"), outbox.query("select key from outbox.message where destination = 'crm'"));
  }

  @Test
  void stopCapturing_whileATransactionWrites_leavesLaterWritersWaitingBriefly()
      throws SQLException {
    try (Connection writer = outbox.connect();
        Connection later = outbox.connect()) {
      writer.setAutoCommit(false);
      Outbox.run(writer, "insert into orders values (1)");
      outbox.execute(
          "update outbox.destination set max_owed_bytes = 1, on_max_owed = 'stop_capturing'"
              + " where name = 'audit'",
          "select outbox.publish('audit', '{}')");
      assertEquals(
          List.of("t"), outbox.query("select done ~ 'trying again' from outbox.measure()"));
      Outbox.run(later, "set lock_timeout = '5s'", "insert into orders values (2)");
      writer.commit();
    }
    assertEquals(List.of("t"), outbox.query("select done ~ 'stopped' from outbox.measure()"));
  }

  @Test
  void stopCapturing_requeuedAndHeldMessages_areNotLost() throws SQLException {
    outbox.execute("insert into orders values (1)", "insert into orders values (2)");
    outbox.execute("update outbox.message set state = 'failed' where destination = 'crm'");
    outbox.execute("select outbox.stop_capturing('crm', 'disk')");
    assertEquals(2, outbox.count("select outbox.requeue_failed('crm')"));
    assertEquals(2, outbox.count(OWED + " and state = 'pending'"));
    assertEquals(
        List.of("null null"),
        outbox.query(
            "select concat_ws(' ', coalesce(outbox.publish('crm', '{}')::text, 'null'),"
                + " coalesce(outbox.publish('crm', '{}', deliver_at => now() + interval '1 day')::text,"
                + " 'null'))"));
    SQLException refused =
        assertThrows(
            SQLException.class, () -> outbox.execute("select outbox.backfill('orders', 'crm')"));
    assertEquals("55000", refused.getSQLState());
  }

  @Test
  void spaceOfWhatWasShed_afterVacuumFull_isGivenBackAndCaptureGoesOn() throws SQLException {
    outbox.execute(
        "insert into orders select n, repeat('x', 1000) from generate_series(1, 3000) n",
        "select outbox.shed('crm')",
        "select outbox.shed('audit')");
    long before = outbox.count("select pg_total_relation_size('outbox.pending')");
    outbox.execute("vacuum (full, analyze) outbox.pending", "insert into orders values (5000)");
    long after = outbox.count("select pg_total_relation_size('outbox.pending')");
    assertTrue(after < before / 10, before + " before, " + after + " after");
    assertEquals(1, outbox.count(OWED));
  }
}
