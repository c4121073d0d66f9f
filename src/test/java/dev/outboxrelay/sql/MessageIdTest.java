// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.WireId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A message's id as receivers know it, and the functions that take one. */
final class MessageIdTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static final String WIRE_ID =
      "select outbox.wire_id(id, created_at) from outbox.message order by id";

  private static String failed() throws SQLException {
    outbox.execute(
        "select outbox.publish('crm', '{}')",
        "update outbox.message set state = 'failed' where state = 'pending'");
    return outbox.query("select max(id)::text from outbox.message").get(0);
  }

  @Test
  void wireId_ofAnyTime_isWhatTheRelaySends() throws SQLException {
    Random random = new Random(3);
    List<Long> times = new ArrayList<>(List.of(-1L, 0L, 1L, 35L, 36L, 253_402_300_799_999_999L));
    times.add(253_402_300_800_000_000L);
    for (int each = 0; each < 300; each++) {
      times.add(random.nextLong() >>> 6 + random.nextInt(57));
    }
    try (Connection c = outbox.connect();
        PreparedStatement s = c.prepareStatement("select outbox.wire_id(?, ?)")) {
      for (long micros : times) {
        long id = random.nextLong() >>> 1 + random.nextInt(60);
        s.setLong(1, id);
        s.setObject(2, Instant.EPOCH.plus(micros, ChronoUnit.MICROS).atOffset(ZoneOffset.UTC));
        try (ResultSet r = s.executeQuery()) {
          r.next();
          assertEquals(new WireId(id, WireId.stamp(micros)).toString(), r.getString(1));
        }
      }
    }
    assertEquals(
        List.of("7-0 7-0"),
        outbox.query(
            "select outbox.wire_id(7, 'infinity') || ' ' || outbox.wire_id(7, '-infinity')"));
  }

  @Test
  void failed_showsTheIdThatTheReceiverKnows() throws SQLException {
    failed();
    assertEquals(outbox.query(WIRE_ID), outbox.query("select wire_id from outbox.failed"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"requeue", "discard"})
  void function_takesBothFormsAsLiterals(String function) throws SQLException {
    for (String form : new String[] {"%s", "'%s'", "%s::bigint", "'%s'::text", "'%s'::varchar"}) {
      String id = failed();
      String call = "select outbox." + function + "(" + form.formatted(id) + ")";
      assertEquals(List.of("t"), outbox.query(call), call);
      outbox.execute("delete from outbox.message");
    }
    for (String form : new String[] {"'%s'", "'%s'::text", "message_id => '%s'"}) {
      failed();
      String wireId = outbox.query(WIRE_ID).get(0);
      String call = "select outbox." + function + "(" + form.formatted(wireId) + ")";
      assertEquals(List.of("t"), outbox.query(call), call);
      outbox.execute("delete from outbox.message");
    }
  }

  private interface Setter {
    void set(PreparedStatement s, String id) throws SQLException;
  }

  @ParameterizedTest
  @ValueSource(strings = {"requeue", "discard"})
  void function_takesBothFormsAsParameters(String function) throws SQLException {
    List<Setter> setters =
        List.of(
            (s, id) -> s.setLong(1, Long.parseLong(id)),
            (s, id) -> s.setInt(1, Integer.parseInt(id)),
            (s, id) -> s.setObject(1, Long.valueOf(id)),
            (s, id) -> s.setString(1, id),
            (s, id) -> s.setObject(1, id, Types.OTHER),
            (s, id) -> s.setString(1, outbox.query(WIRE_ID).get(0)),
            (s, id) -> s.setObject(1, outbox.query(WIRE_ID).get(0), Types.OTHER));
    for (Setter setter : setters) {
      String id = failed();
      try (Connection c = outbox.connect();
          PreparedStatement s = c.prepareStatement("select outbox." + function + "(?)")) {
        setter.set(s, id);
        try (ResultSet r = s.executeQuery()) {
          r.next();
          assertTrue(r.getBoolean(1), () -> "parameter " + setters.indexOf(setter));
        }
      }
      outbox.execute("delete from outbox.message");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"requeue", "discard"})
  void function_withTheSecondPartOfAnotherChange_findsNoMessage(String function)
      throws SQLException {
    String id = failed();
    String wireId = outbox.query(WIRE_ID).get(0);
    for (String other : List.of(id + "-0", wireId + "0", id + "-" + "z".repeat(13), "0" + wireId)) {
      assertEquals(
          List.of("f"), outbox.query("select outbox." + function + "('" + other + "')"), other);
    }
    assertEquals(List.of("f"), outbox.query("select outbox." + function + "('999999-0')"));
    assertEquals(List.of("f"), outbox.query("select outbox." + function + "(null)"));
    assertEquals(List.of("failed"), outbox.query("select state from outbox.message"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"requeue", "discard"})
  void function_withWhatIsNoId_saysSo(String function) {
    for (String text :
        List.of("", "abc", "-1", "1-", "1-A", "1 ", "9223372036854775808", "1-2-3")) {
      SQLException refused =
          assertThrows(
              SQLException.class,
              () -> outbox.query("select outbox." + function + "('" + text + "')"),
              text);
      assertEquals("22P02", refused.getSQLState(), text);
      assertTrue(refused.getMessage().contains("'" + text + "' is not a message's id"), text);
    }
  }

  /** The sequence has gone back: the number is of two messages, what receivers say is not. */
  @ParameterizedTest
  @ValueSource(strings = {"requeue", "discard"})
  void function_forANumberOfTwoMessages_asksWhichAndTakesTheOneNamed(String function)
      throws SQLException {
    outbox.execute(
        "insert into outbox.message (id, destination, op, state, created_at) values"
            + " (7, 'crm', 'message', 'failed', '2026-01-01'),"
            + " (7, 'audit', 'message', 'failed', '2026-01-02')");
    for (String number : List.of("7", "'7'")) {
      String refused = outbox.refuses("21000", "select outbox." + function + "(" + number + ")");
      assertTrue(
          refused.matches("(?s).*'7-[0-9a-z]+' \\(audit\\), '7-[0-9a-z]+' \\(crm\\).*"), refused);
    }
    assertEquals(
        List.of("t"),
        outbox.query(
            "select outbox."
                + function
                + "(outbox.wire_id(id, created_at)) from outbox.message where destination = 'crm'"));
    assertEquals(
        List.of("audit"),
        outbox.query("select destination from outbox.message where state = 'failed'"));
  }

  /** The sequence has gone back within a destination: one of the two is owed, and stays so. */
  @Test
  void function_ofOneOfTwoWithTheNumber_leavesTheOther() throws SQLException {
    outbox.execute(
        "insert into outbox.message (id, destination, op, state, created_at) values"
            + " (7, 'crm', 'message', 'pending', '2026-01-01'),"
            + " (7, 'crm', 'message', 'failed', '2026-01-02')");
    String failed =
        outbox
            .query(
                "select outbox.wire_id(id, created_at) from outbox.message where state = 'failed'")
            .get(0);
    assertEquals(
        List.of("failed"), outbox.query("select reason from outbox.explain('" + failed + "')"));
    assertEquals(
        List.of("select outbox.discard('" + failed + "');"),
        outbox.query("select remedy from outbox.doctor where check_name = 'number twice'"));
    assertEquals(List.of("t"), outbox.query("select outbox.discard('" + failed + "')"));
    assertEquals(List.of("pending"), outbox.query("select state from outbox.message"));

    outbox.execute(
        "insert into outbox.message (id, destination, op, state, created_at) values"
            + " (7, 'crm', 'message', 'failed', '2026-01-02')");
    String owed =
        outbox
            .query(
                "select outbox.wire_id(id, created_at) from outbox.message where state = 'pending'")
            .get(0);
    assertEquals(List.of("f"), outbox.query("select outbox.requeue('" + owed + "')"));
    assertEquals(List.of("t"), outbox.query("select outbox.discard('" + owed + "')"));
    assertEquals(List.of("t"), outbox.query("select outbox.requeue('" + failed + "')"));
  }

  /** Whatever the planner believes of the small table of destinations, which nobody analyzes. */
  @ParameterizedTest
  @ValueSource(strings = {"requeue", "discard", "explain"})
  void function_amongManyMessages_readsNoWholeTable(String function) throws SQLException {
    outbox.execute(
        "insert into outbox.pending (destination, op) select d.number, 'm'"
            + " from outbox.destination d, generate_series(1, 20000) where d.name = 'crm'",
        "insert into outbox.parked (id, xid, created_at, destination, source, op, state)"
            + " select 900000 + g, '3', now(), d.number, 0, 'm', 'failed'"
            + " from outbox.destination d, generate_series(1, 20000) g where d.name = 'crm'",
        "vacuum analyze outbox.pending, outbox.parked");
    try (Connection c = outbox.connect()) {
      c.setAutoCommit(false);
      Outbox.run(
          c,
          "select outbox.%s(900007)".formatted(function),
          "select outbox.%s(wire) from (select outbox.wire_id(id, created_at) as wire"
                  .formatted(function)
              + " from outbox.parked where id = 900008 and destination ="
              + " (select number from outbox.destination where name = 'crm')) w");
      try (ResultSet r =
          c.createStatement()
              .executeQuery(
                  "select coalesce(sum(seq_scan), 0) from pg_stat_xact_user_tables"
                      + " where relname in ('pending', 'parked')")) {
        r.next();
        assertEquals(0, r.getLong(1));
      }
      c.rollback();
    } finally {
      outbox.execute("truncate outbox.pending, outbox.parked");
    }
  }

  @Test
  void requeue_keepsTheId() throws SQLException {
    String id = failed();
    List<String> before = outbox.query(WIRE_ID);
    outbox.execute("select outbox.requeue(" + id + ")");
    assertEquals(before, outbox.query(WIRE_ID));
  }

  /** The numbers come again; the ids do not. */
  @Test
  void history_thatGivesNumbersOutAgain_repeatsNoId() throws SQLException {
    String[] back = {
      "truncate outbox.pending restart identity",
      "select setval(outbox_internal.id_sequence(), 1, false)"
    };
    String[] again = {"drop schema outbox, outbox_internal cascade"};
    try (TestDatabase db = TestDatabase.create()) {
      Set<String> numbers = new HashSet<>();
      Set<String> ids = new HashSet<>();
      for (String[] history : new String[][] {{}, back, back, again, again}) {
        db.execute(history);
        if (history == again) {
          new Migrator(db.url(), db.user(), db.password()).migrate();
        }
        db.execute(
            "insert into outbox.destination (name, uri) values ('crm', 'tcp://localhost:9000')"
                + " on conflict do nothing",
            "select outbox.publish('crm', '{}') from generate_series(1, 50)");
        numbers.addAll(db.query("select id::text from outbox.message"));
        ids.addAll(db.query(WIRE_ID));
      }
      assertEquals(50, numbers.size());
      assertEquals(250, ids.size());
    }
  }
}
