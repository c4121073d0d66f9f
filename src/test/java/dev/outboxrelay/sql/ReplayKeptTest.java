// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Kept messages again: {@code outbox.replay}. */
final class ReplayKeptTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static final String AGAIN =
      "select concat_ws(' ', m.destination, m.op, m.key, m.new_row) from outbox.message m"
          + " where m.state = 'pending' order by m.id";

  /** Six changes of three keys, which are kept. */
  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute(
        "delete from outbox.replay_progress",
        "create table t (id int primary key, v text)",
        "select outbox.capture('t', 'crm')",
        "insert into t values (1, 'a'), (2, 'a'), (3, 'a')",
        "update t set v = 'b'",
        "set outbox.headers = '{ \"who\": 1.50 }'; select outbox.publish('crm', '{}', '1')",
        "update outbox.message set state = 'delivered'",
        "insert into outbox.destination (name, uri) values ('copy', 'tcp://h:2')");
  }

  @Test
  void all_replayed_comeInTheirOrderWithNewIdsThatNameTheOldOnes() throws SQLException {
    outbox.execute("call outbox.replay('crm')");
    assertEquals(
        List.of(
            "crm insert 1 {\"id\":1,\"v\":\"a\"}",
            "crm insert 2 {\"id\":2,\"v\":\"a\"}",
            "crm insert 3 {\"id\":3,\"v\":\"a\"}",
            "crm update 1 {\"id\":1,\"v\":\"b\"}",
            "crm update 2 {\"id\":2,\"v\":\"b\"}",
            "crm update 3 {\"id\":3,\"v\":\"b\"}",
            "crm message 1 {}"),
        outbox.query(AGAIN));
    assertEquals(
        7,
        outbox.count(
            "select count(*) from outbox.message n join outbox.message o"
                + " on n.headers ->> 'outbox_replay_of' = outbox.wire_id(o.id, o.created_at)"
                + " and n.id > o.id and o.state = 'delivered' and n.key = o.key"
                + " and n.xid = o.xid and n.old_row::text is not distinct from o.old_row::text"));
    assertEquals(
        List.of("{\"outbox_replay_of\":\"?\", \"who\": 1.50 }"),
        outbox.query(
            "select regexp_replace(headers::text, '[0-9]+-[0-9a-z]+', '?') from outbox.message"
                + " where op = 'message' and state = 'pending'"));
    assertEquals(
        List.of("crm crm 7 t t"),
        outbox.query(
            "select concat_ws(' ', destination, to_destination, messages, after_id >= end_id,"
                + " ended_at is not null) from outbox.replay_progress"));
  }

  @Test
  void replay_ofWhatWasReplayed_doesNotSendItTwice() throws SQLException {
    outbox.execute(
        "call outbox.replay('crm')",
        "update outbox.message set state = 'delivered'",
        "call outbox.replay('crm')");
    assertEquals(7, outbox.count("select count(*) from outbox.message where state = 'pending'"));
  }

  @Test
  void some_byTableKeyTimeAndCondition_goToTheOtherDestination() throws SQLException {
    outbox.execute("call outbox.replay('crm', 'copy', tables => '{t}', keys => '{1}')");
    assertEquals(
        List.of("copy insert 1 {\"id\":1,\"v\":\"a\"}", "copy update 1 {\"id\":1,\"v\":\"b\"}"),
        outbox.query(AGAIN));
    outbox.execute(
        "delete from outbox.message where state = 'pending'",
        "call outbox.replay('crm', 'copy', keys => '{1}')");
    assertEquals(3, outbox.query(AGAIN).size());
    outbox.execute(
        "delete from outbox.message where state = 'pending'",
        "call outbox.replay('crm', 'copy', condition => $$new_row ->> 'v' = 'b' and op = 'update'$$)");
    assertEquals(3, outbox.query(AGAIN).size());
    outbox.execute(
        "delete from outbox.message where state = 'pending'",
        "update outbox.parked set delivered_at = now() - interval '1 day' where op = 'i'",
        "call outbox.replay('crm', until => now() - interval '1 hour')");
    assertEquals(3, outbox.query(AGAIN).size());
    outbox.execute(
        "delete from outbox.message where state = 'pending'",
        "call outbox.replay('crm', since => now() - interval '1 hour')");
    assertEquals(4, outbox.query(AGAIN).size());
  }

  @Test
  void cutShort_calledAgain_goesOnWhereItWas() throws SQLException {
    long id =
        outbox.count(
            "select outbox_internal.replay_start('crm', null, null, null, null, null, null)");
    assertEquals(3, outbox.count("select outbox_internal.replay_step(" + id + ", 3)"));
    outbox.execute("call outbox.replay('crm', rate => 1000)");
    assertEquals(7, outbox.query(AGAIN).size());
    assertEquals(1, outbox.count("select count(*) from outbox.replay_progress"));
    assertEquals(
        List.of("t"), outbox.query("select outbox_internal.replay_step(" + id + ", 3) is null"));
  }

  @Test
  void steps_ofTwoAtOnce_writeNothingTwice() throws SQLException {
    long id =
        outbox.count(
            "select outbox_internal.replay_start('crm', null, null, null, null, null, null)");
    assertEquals(
        List.of("2 0"),
        outbox.query(
            "with ids as (select array(select id from outbox.message order by id limit 2) as a,"
                + " (select begin_id from outbox.replay_progress) as b)"
                + " select outbox_internal.replay_write("
                + id
                + ", b, a[2], a) || ' '"
                + " || outbox_internal.replay_write("
                + id
                + ", b, a[2], a) from ids"));
  }

  @Test
  void cancelled_byAnother_endsAtItsNextStepAndIsBegunAnew() throws SQLException {
    long id =
        outbox.count(
            "select outbox_internal.replay_start('crm', null, null, null, null, null, null)");
    outbox.execute("select outbox_internal.replay_step(" + id + ", 3)");
    assertEquals(List.of("t"), outbox.query("select outbox.cancel_replay(" + id + ")"));
    assertEquals(List.of("f"), outbox.query("select outbox.cancel_replay(" + id + ")"));
    String words = outbox.refuses("55000", "select outbox_internal.replay_step(" + id + ", 3)");
    assertTrue(words.contains("replay " + id + " was cancelled by "), words);
    outbox.refuses("42704", "select outbox.cancel_replay(" + (id + 1) + ")");
    assertEquals(3, outbox.query(AGAIN).size());
    outbox.execute("call outbox.replay('crm')");
    assertEquals(3 + 7, outbox.query(AGAIN).size());
  }

  @Test
  void replay_thatCannotBe_isRefused() throws SQLException {
    outbox.refuses("42704", "call outbox.replay('nobody')");
    outbox.refuses("42704", "call outbox.replay('crm', 'nobody')");
    outbox.refuses("22023", "call outbox.replay('crm', rate => 0)");
    outbox.refuses("22023", "call outbox.replay('crm', since => now(), until => now())");
    outbox.execute("create table never (id int primary key)");
    outbox.refuses("22023", "call outbox.replay('crm', tables => '{never}')");
    try (Connection c = outbox.connect()) {
      c.setAutoCommit(false);
      SQLException refused =
          assertThrows(SQLException.class, () -> Outbox.run(c, "call outbox.replay('crm')"));
      assertEquals("2D000", refused.getSQLState());
    }
    assertTrue(outbox.query(AGAIN).isEmpty());
  }
}
