// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the relay tells whoever watches of what is owed; never by counting a large table. */
final class OwedTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static void pending(int count) throws SQLException {
    outbox.execute(
        "insert into outbox.pending (destination, op, key, new_row)"
            + " select d.number, 'm', 'k' || i, '{}' from generate_series(1, "
            + count
            + ") i, outbox.destination_number d where d.name = 'crm'",
        "vacuum analyze outbox.pending");
  }

  private static String owed(String columns) throws SQLException {
    return outbox
        .query("select concat_ws(' ', " + columns + ") from outbox.owed_bytes('crm')")
        .get(0);
  }

  @Test
  void fewMessages_areCountedByWhatTheyWaitFor() throws SQLException {
    assertEquals("0 0 0 0 0 f", owed("messages, bytes, held, failed, failed_bytes, estimated"));
    outbox.execute(
        "insert into outbox.message (destination, op, key, state, due_at, new_row) values"
            + " ('crm', 'message', 'a', 'pending', null, '{}'),"
            + " ('crm', 'message', 'b', 'retry', now(), '{}'),"
            + " ('crm', 'message', 'b', 'held', null, '{}'),"
            + " ('crm', 'message', 'c', 'failed', null, '{}'),"
            + " ('crm', 'message', 'd', 'delivered', null, '{}'),"
            + " ('crm', 'message', 'e', 'pending', now() + interval '1 day', '{}')");
    assertEquals("4 1 1 f", owed("messages, held, failed, estimated"));
    assertEquals("t t", owed("bytes between 200 and 1000, oldest <= clock_timestamp()"));
    assertEquals("t", owed("failed_bytes between 80 and 120"));
  }

  /**
   * What a setting forbids is planned at a price at which a server with JIT compiles it, for
   * seconds.
   */
  @Test
  void functionsThatForbidPlans_areNotCompiled() throws SQLException {
    assertEquals(
        List.of(),
        outbox.query(
            "select p.oid::regprocedure from pg_proc p"
                + " where p.proconfig::text like '%enable\\_%'"
                + " and not 'jit=off' = any (p.proconfig)"));
  }

  /** Status, which the limit goes by, tells the same as metrics do. */
  @Test
  void messageSetAside_isNotOwedInStatusEither_andStandsApart() throws SQLException {
    outbox.execute(
        "insert into outbox.message (destination, op, key, state, new_row) values"
            + " ('crm', 'message', 'a', 'pending', '{}'), ('crm', 'message', 'c', 'failed', '{}')",
        "select outbox.measure()");
    assertEquals(
        outbox.query("select concat_ws(' ', bytes, failed_bytes) from outbox.owed_bytes('crm')"),
        outbox.query(
            "select concat_ws(' ', owed_bytes, failed_bytes) from outbox.status"
                + " where destination = 'crm'"));
    assertEquals(
        List.of("1 1"),
        outbox.query(
            "select concat_ws(' ', messages, failed) from outbox.owed where destination = 'crm'"));
  }

  @Test
  void messagesSetAside_countForTheLimit() throws SQLException {
    outbox.execute(
        "update outbox.destination set max_owed_bytes = 1000 where name = 'crm'",
        "insert into outbox.message (destination, op, state, new_row)"
            + " values ('crm', 'message', 'failed', to_jsonb(repeat('x', 1500)))",
        "select outbox.measure()");
    assertEquals(
        List.of("0 t t"),
        outbox.query(
            "select concat_ws(' ', owed_bytes, failed_bytes > 1000, limit_at <= now())"
                + " from outbox.status where destination = 'crm'"));
  }

  @Test
  void messageForLater_isNotLate() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}', deliver_at => now() + interval '1 day')");
    assertEquals("1 none", owed("messages, coalesce(oldest::text, 'none')"));
  }

  private static long blocks() throws SQLException {
    String plan =
        String.join(
            "\n",
            outbox.query(
                "explain (analyze, buffers, timing off, summary off)"
                    + " select * from outbox.owed_bytes()"));
    Matcher read = Pattern.compile("Buffers: shared hit=(\\d+)(?: read=(\\d+))?").matcher(plan);
    assertTrue(read.find(), plan);
    return Long.parseLong(read.group(1))
        + (read.group(2) == null ? 0 : Long.parseLong(read.group(2)));
  }

  /** A count of 160,000 messages would read four times as many blocks as one of 40,000. */
  @Test
  void manyMessages_areEstimatedForABoundedNumberOfReads() throws SQLException {
    pending(20_000);
    blocks();
    assertEquals("t t", owed("messages between 19000 and 21000, estimated"));
    pending(140_000);
    blocks();
    long large = blocks();
    assertTrue(large < 3000, large + " blocks");
    assertEquals("t", owed("messages between 130000 and 190000"), owed("messages"));
  }

  /** Says that nothing below the next id is owed but these; as a relay does. */
  private static void mark(String earlier) throws SQLException {
    outbox.execute(
        "insert into outbox.destination_state as s (destination, mark_snapshot, mark_first_id,"
            + " mark_earlier, mark_cluster) select 'crm', pg_current_snapshot(), nextval(pg_get_serial_sequence('outbox.pending', 'id')), '"
            + earlier
            + "', outbox.system_identifier()"
            + " on conflict (destination) do update set mark_snapshot = excluded.mark_snapshot,"
            + " mark_first_id = excluded.mark_first_id, mark_earlier = excluded.mark_earlier,"
            + " mark_cluster = excluded.mark_cluster");
  }

  @Test
  void delivered_whileASnapshotIsHeld_isNotWalkedOver() throws SQLException {
    try (Connection reader = outbox.connect()) {
      reader.setAutoCommit(false);
      Outbox.run(reader, "set transaction isolation level repeatable read; select 1");
      pending(60_000);
      outbox.execute("delete from outbox.pending");
      mark("{}");
      pending(3);
      assertEquals("3 258", owed("messages, bytes"));
      long marked = blocks();
      outbox.execute("delete from outbox.destination_state");
      long unmarked = blocks();
      // Two walks over the index of what was delivered.
      assertTrue(marked < unmarked - 1000, marked + " blocks, without a mark " + unmarked);
    }
  }

  @Test
  void message_beforeTheMark_isFoundByItsTransactionOrItsId() throws SQLException {
    try (Connection late = outbox.connect()) {
      late.setAutoCommit(false);
      Outbox.run(
          late,
          "insert into outbox.pending (destination, op, new_row) select d.number, 'm', '{}'"
              + " from outbox.destination_number d where d.name = 'crm'");
      pending(2);
      String first = outbox.query("select min(id) from outbox.pending").get(0);
      mark("{" + first + "}");
      assertEquals("1", owed("messages"), "as the mark says");
      late.commit();
      assertEquals("2", owed("messages"));
      outbox.execute("update outbox.destination_state set mark_cluster = 1");
      assertEquals("3", owed("messages"), "a mark of another cluster says nothing");
    }
  }
}
