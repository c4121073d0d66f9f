// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What {@code outbox.explain} says of a message in each state, and along random histories. */
final class ExplainTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private Connection relay;

  /** A relay owns the destination, and goes on settling. */
  @BeforeEach
  void setUp() throws SQLException {
    relay = outbox.connect();
    Outbox.run(relay, "select pg_advisory_lock(7021002, doorbell) from outbox.destination");
    outbox.execute(
        "insert into outbox.destination_state (destination, epoch, owner, owned_since, progress_at)"
            + " values ('crm', 3, 'relay-1', now(), now() + interval '1 hour')");
  }

  @AfterEach
  void tearDown() throws SQLException {
    relay.close();
  }

  private static long publish(String key) throws SQLException {
    return outbox.count("select outbox.publish('crm', '{}', '" + key + "')");
  }

  /** As the relay marks it. */
  private static void set(long id, String values) throws SQLException {
    outbox.execute(
        "set outbox.relay = on; update outbox.message set " + values + " where id = " + id);
  }

  private static void refuse(long id) throws SQLException {
    set(
        id,
        "state = 'retry', attempts = 2, due_at = now() + interval '1 hour', last_error = 'bad'");
  }

  private static List<String> reasons(long id) throws SQLException {
    return outbox.query("select reason from outbox.explain(" + id + ")");
  }

  private static String told(long id, String columns) throws SQLException {
    return outbox
        .query("select concat_ws(' | ', " + columns + ") from outbox.explain(" + id + ")")
        .get(0);
  }

  private static String wire(long id) throws SQLException {
    return outbox
        .query("select outbox.wire_id(id, created_at) from outbox.message where id = " + id)
        .get(0);
  }

  @Test
  void unknown_idOfNoMessage_isSaidToBeSettledOrNeverThere() throws SQLException {
    assertEquals(List.of("unknown"), reasons(999_999));
    assertTrue(told(999_999, "explanation").contains("999999"), told(999_999, "explanation"));
  }

  @Test
  void unknown_numberWithAnotherSecondPart_isAnotherMessage() throws SQLException {
    long id = publish("k");
    assertEquals(
        List.of("unknown"), outbox.query("select reason from outbox.explain('" + id + "-0')"));
    assertEquals(
        List.of("turn"), outbox.query("select reason from outbox.explain('" + wire(id) + "')"));
  }

  @Test
  void text_thatIsNoId_isRefused() {
    SQLException refused =
        assertThrows(SQLException.class, () -> outbox.query("select outbox.explain('x1')"));
    assertEquals("22P02", refused.getSQLState());
  }

  @Test
  void pending_nothingInItsWay_waitsForItsTurn() throws SQLException {
    publish("a");
    long id = publish("b");
    assertEquals(List.of("turn"), reasons(id));
    assertTrue(told(id, "explanation").endsWith("before it: 1"), told(id, "explanation"));
  }

  @Test
  void refused_isTriedAgainAtATime() throws SQLException {
    long id = publish("k");
    refuse(id);
    assertEquals(List.of("refused"), reasons(id));
    assertEquals(
        "it was refused 2 times of 10, the last: bad | t",
        told(id, "explanation, until > now() + interval '59 minutes'"));
  }

  @Test
  void later_publishedForATime_saysWhen() throws SQLException {
    long id =
        outbox.count(
            "select outbox.publish('crm', '{}', 'k', deliver_at => now() + interval '1 hour')");
    assertEquals(List.of("later"), reasons(id));
    assertEquals("t", told(id, "until > now() + interval '59 minutes'"));
  }

  @Test
  void held_behindARefusedOneOfItsKey_namesIt() throws SQLException {
    long first = publish("k");
    long other = publish("other");
    long second = publish("k");
    refuse(first);
    set(second, "state = 'held'");
    assertEquals("key", reasons(second).get(0));
    assertEquals(wire(first), told(second, "behind"));
    assertEquals(List.of("turn"), reasons(other));
  }

  @Test
  void held_behindOneThatWasSetAside_waitsOnlyWhereItsDestinationHolds() throws SQLException {
    long first = publish("k");
    long second = publish("k");
    set(first, "state = 'failed', last_error = 'bad'");
    assertEquals(List.of("turn"), reasons(second));
    outbox.execute("update outbox.destination set on_failure = 'hold' where name = 'crm'");
    assertEquals("key", reasons(second).get(0));
    assertEquals(
        "select outbox.requeue('"
            + wire(first)
            + "'); or: select outbox.discard('"
            + wire(first)
            + "');",
        told(second, "remedy"));
  }

  @Test
  void held_behindALongKey_isFoundByItsHash() throws SQLException {
    String key = "k".repeat(300);
    long first = publish(key);
    long second = publish(key);
    refuse(first);
    assertEquals("key", reasons(second).get(0));
  }

  @Test
  void pending_behindAPendingOneOfItsKey_namesTheNearest() throws SQLException {
    publish("k");
    long second = publish("k");
    publish("other");
    long third = publish("k");
    assertEquals(List.of("turn"), reasons(third));
    assertEquals(wire(second), told(third, "behind"));
    assertTrue(told(third, "explanation").contains("behind message " + wire(second)));
  }

  @Test
  void pending_behindAWaitingTruncate_namesIt() throws SQLException {
    long truncate = publish("t");
    outbox.execute("update outbox.pending set op = 't', key = null where id = " + truncate);
    long id = publish("k");
    assertEquals(wire(truncate), told(id, "behind"));
  }

  @Test
  void truncate_behindARefusedOne_waitsForIt() throws SQLException {
    long first = publish("k");
    refuse(first);
    long truncate = publish("t");
    outbox.execute("update outbox.pending set op = 't', key = null where id = " + truncate);
    assertEquals(List.of("truncate", "turn"), reasons(truncate));
    assertEquals(wire(first), told(truncate, "behind"));
  }

  @Test
  void anyOrder_destinationWithoutOrder_waitsForNoOther() throws SQLException {
    outbox.execute("update outbox.destination set ordering = 'none' where name = 'crm'");
    long first = publish("k");
    publish("k");
    long third = publish("k");
    refuse(first);
    assertEquals(List.of("turn"), reasons(third));
    assertEquals("", told(third, "behind"));
  }

  @Test
  void unknown_numberOfAnotherChange_namesThat() throws SQLException {
    long id = publish("k");
    String said = outbox.query("select explanation from outbox.explain('" + id + "-0')").get(0);
    assertTrue(said.endsWith("another change has its number: '" + wire(id) + "'"), said);
    assertTrue(
        told(id + 1_000_000, "explanation").endsWith("; no number is that high yet"),
        told(id + 1_000_000, "explanation"));
  }

  @Test
  void delivered_inAnySession_isSaidInTheSameWords() throws SQLException {
    long id = publish("k");
    set(id, "state = 'delivered', delivered_at = '2026-01-02 03:04:05+00'");
    Outbox.run(relay, "set timezone = 'Asia/Tokyo'");
    assertEquals(
        List.of("crm acknowledged it at 2026-01-02T03:04:05Z"),
        Outbox.column(relay, "select explanation from outbox.explain(" + id + ")"));
  }

  private static long buffers(long id) throws SQLException {
    outbox.query("select reason from outbox.explain(" + id + ")");
    String plan =
        String.join(
            "\n",
            outbox.query(
                "explain (analyze, buffers, timing off, summary off)"
                    + " select * from outbox.explain("
                    + id
                    + ")"));
    Matcher read = Pattern.compile("Buffers: shared hit=(\\d+)(?: read=(\\d+))?").matcher(plan);
    assertTrue(read.find(), plan);
    return Long.parseLong(read.group(1))
        + (read.group(2) == null ? 0 : Long.parseLong(read.group(2)));
  }

  /** Counting what is owed would read each of its index's pages. */
  @Test
  void largeBacklog_costsNoMoreThanAMediumOne() throws SQLException {
    String many =
        "insert into outbox.pending (destination, op, key, new_row)"
            + " select d.number, 'm', 'k' || i, '{}' from generate_series(1, 20000) i,"
            + " outbox.destination_number d where d.name = 'crm'";
    outbox.execute(many, "vacuum analyze outbox.pending");
    long medium = buffers(publish("last"));
    outbox.execute(many, many, many, many, "vacuum analyze outbox.pending");
    long large = buffers(publish("last"));
    assertTrue(large < medium + 100, large + " blocks, with a fifth of it owed " + medium);
  }

  @Test
  void failed_isSaidWithItsWordsAndRemedy() throws SQLException {
    long id = publish("k");
    set(id, "state = 'failed', attempts = 10, last_error = 'too large'");
    assertEquals(List.of("failed"), reasons(id));
    assertEquals(
        "it was set aside after 10 refusals, the last: too large", told(id, "explanation"));
    outbox.execute(told(id, "split_part(remedy, ' or: ', 1)"));
    assertEquals(List.of("turn"), reasons(id));
  }

  @Test
  void failed_afterOneRefusal_isSaidInTheSingular() throws SQLException {
    long id = publish("k");
    set(id, "state = 'failed', attempts = 1, last_error = 'no'");
    assertEquals("it was set aside after 1 refusal, the last: no", told(id, "explanation"));
  }

  @Test
  void failed_beforeItWasSent_isSaidToBeUnsent() throws SQLException {
    long id = publish("k");
    set(id, "state = 'failed', attempts = 0, last_error = 'invalid memory alloc request size'");
    assertEquals(List.of("failed"), reasons(id));
    assertEquals(
        "it was set aside without a refusal: invalid memory alloc request size",
        told(id, "explanation"));
  }

  @Test
  void failed_overTheSizeLimit_isSaidToBeTooLarge() throws SQLException {
    long id = publish("k");
    String words =
        "the row values take 9000 bytes, more than max-message-bytes 8000: raise it and requeue,"
            + " or discard the message";
    set(id, "state = 'failed', attempts = 3, last_error = '" + words + "'");
    assertEquals(List.of("too large"), reasons(id));
    assertEquals("it was set aside unsent: " + words, told(id, "explanation"));
    outbox.execute(told(id, "split_part(remedy, ' or: ', 1)"));
    assertEquals(List.of("turn"), reasons(id));
  }

  @Test
  void delivered_andKept_saysWhen() throws SQLException {
    long id = publish("k");
    set(id, "state = 'delivered', delivered_at = '2026-01-02 03:04:05+00'");
    assertEquals(List.of("delivered"), reasons(id));
    assertEquals("t", told(id, "since = '2026-01-02 03:04:05+00'"));
  }

  @Test
  void paused_isSaidBeforeWhatElseStopsIt() throws SQLException {
    long first = publish("k");
    long second = publish("k");
    refuse(first);
    outbox.execute("select outbox.pause('crm')");
    assertEquals(List.of("paused", "key", "turn"), reasons(second));
    outbox.execute(told(second, "remedy"));
    assertEquals(List.of("key", "turn"), reasons(second));
  }

  @Test
  void noRelay_isSaid() throws SQLException {
    long id = publish("k");
    Outbox.run(relay, "select pg_advisory_unlock_all()");
    assertEquals(List.of("no relay", "turn"), reasons(id));
  }

  @Test
  void down_saysSinceWhenAndWhy() throws SQLException {
    long id = publish("k");
    outbox.execute(
        "update outbox.destination_state set down_since = '2026-01-02 03:04:05+00',"
            + " last_error = 'refused' where destination = 'crm'");
    assertEquals(List.of("down", "turn"), reasons(id));
    assertEquals(
        "crm cannot be reached at tcp://localhost:9000: refused | t",
        told(id, "explanation, since = '2026-01-02 03:04:05+00'"));
  }

  @Test
  void down_whereTheErrorNamesTheAddress_saysItOnce() throws SQLException {
    long id = publish("k");
    outbox.execute(
        "update outbox.destination_state set down_since = now(),"
            + " last_error = 'tcp://localhost:9000: Connection refused'"
            + " where destination = 'crm'");
    assertEquals(
        "crm cannot be reached: tcp://localhost:9000: Connection refused", told(id, "explanation"));
  }

  @Test
  void stalled_saysSinceWhen() throws SQLException {
    long id = publish("k");
    outbox.execute(
        "update outbox.pending set created_at = now() - interval '5 minutes'",
        "update outbox.destination_state set owned_since = now() - interval '1 hour',"
            + " progress_at = now() - interval '1 hour'");
    assertEquals(List.of("stalled", "turn"), reasons(id));
  }

  @Test
  void truncateThatWasRefused_stopsAllThatCameLater() throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm', operations => '{insert,truncate}')",
        "truncate t");
    long truncate = outbox.count("select max(id) from outbox.message");
    long id = publish("k");
    refuse(truncate);
    assertEquals(List.of("truncate", "turn"), reasons(id));
    assertEquals(wire(truncate), told(id, "behind"));
    assertEquals(List.of("refused"), reasons(truncate));
  }

  @Test
  void destinationThatWasDeleted_isSaid() throws SQLException {
    long id = publish("k");
    outbox.execute(
        "set session_replication_role = replica;"
            + " delete from outbox.destination where name = 'crm'");
    assertEquals(List.of("no destination"), reasons(id));
  }

  @Test
  void copy_isSaid() throws SQLException {
    long id = publish("k");
    outbox.execute(
        "insert into outbox.identity (database) values (1)"
            + " on conflict (only_row) do update set database = 1");
    try {
      assertEquals(List.of("copy", "turn"), reasons(id));
    } finally {
      outbox.execute("select outbox.adopt()");
    }
  }

  /** A model of what becomes of each message; in the end, and on the way, each is said rightly. */
  @Test
  void randomHistories_areExplained() throws SQLException {
    long seed = Long.getLong("explain.seed", System.nanoTime());
    Random random = new Random(seed);
    TreeMap<Long, String> states = new TreeMap<>();
    Map<Long, String> keys = new TreeMap<>();
    for (int step = 0; step < 60; step++) {
      List<Long> known = new ArrayList<>(states.keySet());
      int what = known.isEmpty() ? 0 : random.nextInt(8);
      if (what < 2) {
        String key = "k" + random.nextInt(4);
        long id = publish(key);
        states.put(id, "pending");
        keys.put(id, key);
      } else {
        change(known.get(random.nextInt(known.size())), what, states);
      }
      List<String> expected =
          states.keySet().stream().map(id -> id + " " + expected(id, states, keys)).toList();
      assertEquals(expected, all(states.keySet()), "seed " + seed + ", step " + step);
    }
  }

  private static List<String> all(Collection<Long> ids) throws SQLException {
    return outbox.query(
        "select i || ' [' || array_to_string(array(select reason from outbox.explain(i)), ', ')"
            + " || ']' from unnest('{"
            + ids.stream().map(String::valueOf).collect(Collectors.joining(","))
            + "}'::bigint[]) i order by i");
  }

  private static void change(long id, int what, Map<Long, String> states) throws SQLException {
    String state = states.get(id);
    if (what == 2 && state.equals("pending")) {
      refuse(id);
      states.put(id, "retry");
    } else if (what == 3 && (state.equals("pending") || state.equals("retry"))) {
      set(id, "state = 'failed', last_error = 'bad'");
      states.put(id, "failed");
    } else if (what == 4 && (state.equals("failed") || state.equals("retry"))) {
      outbox.execute("select outbox.requeue(" + id + ")");
      states.put(id, "pending");
    } else if (what == 5 && !state.equals("gone")) {
      outbox.execute("select outbox.discard(" + id + ")");
      states.put(
          id,
          outbox.count("select count(*) from outbox.message where id = " + id) == 0
              ? "gone"
              : state);
    } else if (what == 6 && state.equals("pending")) {
      outbox.execute("delete from outbox.message where id = " + id);
      states.put(id, "gone");
    } else if (what == 7 && state.equals("pending")) {
      set(id, "state = 'delivered', delivered_at = now()");
      states.put(id, "delivered");
    }
  }

  private static List<String> expected(
      long id, TreeMap<Long, String> states, Map<Long, String> keys) {
    String own =
        switch (states.get(id)) {
          case "gone" -> "unknown";
          case "failed" -> "failed";
          case "delivered" -> "delivered";
          case "retry" -> "refused";
          default -> "turn";
        };
    boolean waits = own.equals("refused") || own.equals("turn");
    boolean behind =
        waits
            && states.headMap(id).entrySet().stream()
                .anyMatch(
                    each ->
                        each.getValue().equals("retry")
                            && keys.get(each.getKey()).equals(keys.get(id)));
    return behind ? List.of("key", own) : List.of(own);
  }
}
