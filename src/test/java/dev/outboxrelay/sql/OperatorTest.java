// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** What a person does with messages and destinations, by function and by plain SQL. */
final class OperatorTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private long failed(String destination, String error) throws SQLException {
    long id = outbox.count("select outbox.publish('" + destination + "', '{\"n\":1}', 'k')");
    outbox.execute(
        "update outbox.message set state = 'failed', attempts = 10, due_at = now(), last_error = '"
            + error
            + "' where id = "
            + id);
    return id;
  }

  /** As a relay's session, which alone sets messages to 'retry' and 'held'. */
  private static void asRelay(String... statements) throws SQLException {
    try (Connection relay = outbox.connect()) {
      Outbox.run(relay, "set outbox.relay = on");
      Outbox.run(relay, statements);
    }
  }

  private List<String> control(String... statements) throws SQLException {
    return heard("outbox_control", statements);
  }

  /** What a listener hears of these statements: channel and payload, sorted. */
  private List<String> heard(String channel, String... statements) throws SQLException {
    try (Connection listener = outbox.connect()) {
      Outbox.run(listener, "listen " + channel);
      outbox.execute(statements);
      // Notifications of committed transactions are in the queue before this answer is.
      Outbox.run(listener, "select 1");
      PGNotification[] notifications = listener.unwrap(PGConnection.class).getNotifications();
      List<String> payloads = new ArrayList<>();
      if (notifications != null) {
        for (PGNotification n : notifications) {
          payloads.add(n.getParameter());
        }
      }
      Collections.sort(payloads);
      return payloads;
    }
  }

  private static final String STATE =
      "select state || ' ' || attempts || ' ' || coalesce(due_at::text, '-') from outbox.message where id = ";

  @Test
  void requeue_ofFailedMessage_isOwedAgainAndNewToTheRelay() throws SQLException {
    long id = failed("crm", "no");
    String writer = outbox.query("select xid::text from outbox.message").get(0);
    assertEquals(List.of("crm"), control("select outbox.requeue(" + id + ")"));
    assertEquals(List.of("pending 0 -"), outbox.query(STATE + id));
    assertNotEquals(writer, outbox.query("select xid::text from outbox.pending").get(0));
    assertEquals(List.of(writer), outbox.query("select xid::text from outbox.message"));
  }

  @Test
  void requeue_ofUnknownOrPendingMessage_isFalse() throws SQLException {
    long id = outbox.count("select outbox.publish('crm', '{}')");
    assertEquals(List.of("f"), outbox.query("select outbox.requeue(" + id + ")"));
    assertEquals(List.of("f"), outbox.query("select outbox.requeue(-1)"));
  }

  @Test
  void requeue_byPlainUpdate_doesTheSame() throws SQLException {
    long a = failed("crm", "no");
    long b = failed("audit", "no");
    assertEquals(
        List.of("audit", "crm"),
        control("update outbox.message set state = 'pending' where state = 'failed'"));
    assertEquals(List.of("pending 0 -"), outbox.query(STATE + a));
    assertEquals(List.of("pending 0 -"), outbox.query(STATE + b));
  }

  @Test
  void requeue_ofHeldMessageByPlainUpdate_keepsItsPlaceUnlessThereIsNoOrder() throws SQLException {
    long id = outbox.count("select outbox.publish('crm', '{}', 'k')");
    asRelay("update outbox.message set state = 'held'");
    String xid = outbox.query("select xid::text from outbox.message").get(0);
    assertEquals(List.of("crm"), control("update outbox.message set state = 'pending'"));
    assertEquals(List.of("held 0 -"), outbox.query(STATE + id));
    assertEquals(List.of(xid), outbox.query("select xid::text from outbox.message"));
    outbox.execute(
        "update outbox.destination set ordering = 'none' where name = 'crm'",
        "update outbox.message set state = 'pending'");
    assertEquals(List.of("pending 0 -"), outbox.query(STATE + id));
  }

  @Test
  void requeue_whileRelaySleeps_ringsTheDoorbell() throws SQLException {
    long id = failed("crm", "no");
    try (Connection relay = outbox.connect()) {
      assertEquals(List.of(), heard("outbox", "select outbox.requeue(" + id + ")"));
      outbox.execute("update outbox.message set state = 'failed'");
      Outbox.run(
          relay,
          "select pg_advisory_lock(7021001, doorbell) from outbox.destination where name = 'crm'");
      assertEquals(List.of("crm"), heard("outbox", "select outbox.requeue(" + id + ")"));
    }
  }

  @Test
  void requeueFailed_withFilters_takesOldestThatMatch() throws SQLException {
    long a = failed("crm", "timeout after 30 s");
    long b = failed("crm", "timeout after 30 s");
    long c = failed("crm", "refused");
    long d = failed("audit", "timeout after 30 s");
    assertEquals(1, outbox.count("select outbox.requeue_failed('crm', 'timeout%', up_to => 1)"));
    assertEquals(
        List.of(a + " pending", b + " failed", c + " failed", d + " failed"),
        outbox.query("select id || ' ' || state from outbox.message order by id"));
    assertEquals(0, outbox.count("select outbox.requeue_failed(since => now() + '1 hour')"));
    assertEquals(3, outbox.count("select outbox.requeue_failed()"));
  }

  /** Statistics that are as wrong as a queue's are make the planner compare every row. */
  @Test
  void requeueAndDiscardFailed_upToSoMany_takeNoMoreWhateverThePlan() throws SQLException {
    outbox.execute("truncate outbox.pending, outbox.parked");
    failed("crm", "no");
    outbox.execute("analyze outbox.pending, outbox.parked");
    for (int i = 0; i < 3; i++) {
      failed("crm", "no");
    }
    assertEquals(1, outbox.count("select outbox.requeue_failed(up_to => 1)"));
    assertEquals(1, outbox.count("select outbox.discard_failed(up_to => 1)"));
    assertEquals(
        List.of("pending", "failed", "failed"),
        outbox.query("select state from outbox.message order by id"));
  }

  @Test
  void discard_byFunctionOrDelete_tellsTheRelay() throws SQLException {
    long a = failed("crm", "no");
    failed("crm", "no");
    failed("audit", "no");
    assertEquals(List.of("crm"), control("select outbox.discard(" + a + ")"));
    assertEquals(List.of("f"), outbox.query("select outbox.discard(" + a + ")"));
    assertEquals(List.of("crm"), control("delete from outbox.message where destination = 'crm'"));
    assertEquals(List.of("audit"), control("select outbox.discard_failed()"));
    assertEquals(0, outbox.count("select count(*) from outbox.message"));
  }

  @Test
  void delete_ofAnOwedMessage_tellsTheRelayUnlessTheRelayDeletesIt() throws SQLException {
    for (String state : List.of("pending", "retry", "held", "failed")) {
      String refused =
          "insert into outbox.message (destination, op, state) values ('crm', 'message', '"
              + state
              + "')";
      outbox.execute(refused);
      assertEquals(List.of("crm"), control("delete from outbox.message"));
      outbox.execute(refused);
      assertEquals(
          List.of(),
          control(
              "do $$ begin perform set_config('outbox.relay', 'on', true);"
                  + " delete from outbox.message; end $$"));
    }
  }

  @Test
  void setAside_byHand_tellsTheRelay() throws SQLException {
    for (String state : List.of("pending", "retry", "held")) {
      outbox.execute(
          "insert into outbox.message (destination, op, state) values ('crm', 'message', '"
              + state
              + "')");
      assertEquals(List.of("crm"), control("update outbox.message set state = 'failed'"));
      outbox.execute("delete from outbox.message");
    }
  }

  @Test
  void refusedOrHeld_byHand_isRefusedWithWhatToDo() throws SQLException {
    long id = outbox.count("select outbox.publish('crm', '{}', 'k')");
    for (String state : List.of("retry", "held")) {
      String refused = outbox.refuses("23514", "update outbox.message set state = '" + state + "'");
      assertTrue(refused.contains("the relay alone"), refused);
      assertTrue(refused.contains("select outbox.requeue(" + id + ")"), refused);
    }
    assertEquals(List.of("pending 0 -"), outbox.query(STATE + id));
    assertEquals(
        List.of(), control("update outbox.message set state = 'pending', last_error = 'x'"));
  }

  @Test
  void stateThatThereIsNot_whoeverSetsIt_isRefused() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}')");
    String refused = outbox.refuses("23514", "update outbox.message set state = 'done'");
    assertTrue(refused.contains("'done'"), refused);
    try (Connection relay = outbox.connect()) {
      Outbox.run(relay, "set outbox.relay = on");
      Outbox.refuses(relay, "23514", "update outbox.message set state = 'done'");
    }
  }

  @Test
  void dueTime_changedByHand_tellsTheRelay() throws SQLException {
    long id = outbox.count("select outbox.publish('crm', '{}', deliver_at => now() + '1 hour')");
    String xid =
        "select xid::text from (select xid from outbox.pending union all"
            + " select xid from outbox.parked) m";
    String before = outbox.query(xid).get(0);
    assertEquals(List.of("crm"), control("update outbox.message set due_at = now()"));
    assertEquals(List.of(before), outbox.query(xid), "read by its time");
    assertEquals(List.of("crm"), control("update outbox.message set due_at = null"));
    assertEquals(List.of("pending 0 -"), outbox.query(STATE + id));
    assertNotEquals(List.of(before), outbox.query(xid), "has no time to be read by");
    asRelay("update outbox.message set state = 'retry', due_at = now() + interval '1 hour'");
    assertEquals(List.of("crm"), control("update outbox.message set due_at = null"));
    assertEquals(
        1, outbox.count("select count(*) from outbox.message where due_at <= now()"), "due now");
  }

  @Test
  void requeue_byUpdateWithATime_waitsForIt() throws SQLException {
    failed("crm", "no");
    outbox.execute(
        "update outbox.message set state = 'pending', due_at = now() + interval '1 hour'");
    assertEquals(
        List.of("pending true"),
        outbox.query("select state || ' ' || (due_at > now()) from outbox.message"));
  }

  @Test
  void delivered_byHand_isKeptFromNow() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}')");
    assertEquals(List.of("crm"), control("update outbox.message set state = 'delivered'"));
    assertEquals(
        1, outbox.count("select count(*) from outbox.message where delivered_at <= now()"));
    assertEquals(List.of(), control("delete from outbox.message"));
  }

  @Test
  void destination_changedByHand_isNewToTheOtherAndToldToBoth() throws SQLException {
    for (String state : List.of("pending", "retry", "held")) {
      outbox.execute(
          "insert into outbox.message (destination, op, key, state, attempts) values ('crm', 'message', 'k', '"
              + state
              + "', 3)");
      String xid = outbox.query("select xid::text from outbox.message").get(0);
      assertEquals(
          List.of("audit", "crm"), control("update outbox.message set destination = 'audit'"));
      assertEquals(
          List.of("audit pending 0 t"),
          outbox.query(
              "select concat_ws(' ', destination, state, attempts, (select p.xid from outbox.pending p)::text <> '"
                  + xid
                  + "') from outbox.message"));
      outbox.execute("delete from outbox.message");
    }
  }

  @Test
  void truncate_byHand_tellsTheRelays() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}')");
    assertEquals(List.of(""), control("truncate outbox.pending, outbox.parked"));
  }

  @Test
  void destination_whenChanged_tellsTheRelays() throws SQLException {
    assertEquals(
        List.of("new"),
        control("insert into outbox.destination (name, uri) values ('new', 'tcp://h:1')"));
    assertEquals(List.of("crm"), control("select outbox.pause('crm')"));
    assertEquals(List.of("crm"), control("select outbox.resume('crm')"));
    assertEquals(
        List.of("new"),
        control("update outbox.destination set uri = 'tcp://i:2' where name = 'new'"));
    assertEquals(List.of("new"), control("delete from outbox.destination where name = 'new'"));
    assertEquals(List.of(""), control("select outbox.wake()"));
    assertEquals(List.of("crm"), control("select outbox.wake('crm')"));
  }

  @Test
  void pauseAndWake_ofUnknownDestination_areRefused() throws SQLException {
    assertTrue(outbox.refuses("42704", "select outbox.pause('nope')").contains("'nope'"));
    outbox.refuses("42704", "select outbox.resume('nope')");
    outbox.refuses("42704", "select outbox.wake('nope')");
  }

  @Test
  void destination_inUse_isNeitherDeletedNorRenamed() throws SQLException {
    outbox.execute("create table t (id int primary key)", "select outbox.capture('t', 'crm')");
    String refused = outbox.refuses("55006", "delete from outbox.destination where name = 'crm'");
    assertTrue(refused.contains("select outbox.release('public.t', 'crm');"), refused);
    outbox.refuses("55006", "update outbox.destination set name = 'x' where name = 'crm'");
    outbox.execute("insert into t values (1)", "select outbox.release('t')");
    refused = outbox.refuses("55006", "delete from outbox.destination where name = 'crm'");
    assertTrue(refused.contains("messages are owed"), refused);
    outbox.refuses("55006", "truncate outbox.destination cascade");
    outbox.execute(
        "update outbox.message set state = 'delivered', delivered_at = now()",
        "delete from outbox.destination where name = 'crm'");
    assertEquals(0, outbox.count("select count(*) from outbox.message"));
  }

  @Test
  void destination_withNonsense_isRefused() throws SQLException {
    for (String wrong :
        List.of(
            "'ftp://h:1'",
            "'http://u@h/path'",
            "'tcp://h'",
            "'tcp://h:x'",
            "'tcp://u@h:1'",
            "'tcp://h:1/path'",
            "''")) {
      outbox.refuses(
          "23514", "insert into outbox.destination (name, uri) values ('x', " + wrong + ")");
    }
    outbox.refuses(
        "23514", "insert into outbox.destination (name, uri) values ('a b', 'tcp://h:1')");
    for (String wrong :
        List.of(
            "format = 'xml'",
            "framing = 'xml'",
            "ack = 'maybe'",
            "max_attempts = 0",
            "max_in_flight = 0",
            "retry_initial = '-1 s'",
            "retry_max = '1 ms'",
            "ack_timeout = '0'",
            "keep_delivered = '-1 day'",
            "on_failure = 'stop'",
            "ordering = 'none '")) {
      outbox.refuses("23514", "update outbox.destination set " + wrong);
    }
  }

  @Test
  void status_showsCountsAgeAndOwner() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}') from generate_series(1, 5)");
    asRelay(
        "update outbox.message set state = 'retry' where id = (select min(id) from outbox.message)",
        "update outbox.message set state = 'held' where id = (select max(id) from outbox.message)");
    failed("crm", "no");
    outbox.execute(
        "insert into outbox.destination_state (destination, epoch, owner, last_error)"
            + " values ('crm', 7, 'relay-1', 'connection refused')");
    String status =
        "select concat_ws(' ', pending, retry, held, failed, oldest_age > '0', coalesce(owner, '-'), epoch,"
            + " last_error) from outbox.status where destination = 'crm'";
    assertEquals(List.of("3 1 1 1 t - 7 connection refused"), outbox.query(status));
    try (Connection relay = outbox.connect()) {
      Outbox.run(
          relay,
          "select pg_advisory_lock(7021002, doorbell) from outbox.destination where name = 'crm'");
      assertEquals(List.of("3 1 1 1 t relay-1 7 connection refused"), outbox.query(status));
    }
    assertEquals(
        List.of("0 0 0 0"),
        outbox.query(
            "select concat_ws(' ', pending, retry, held, failed) from outbox.status where destination = 'audit'"));
    assertEquals(
        List.of("crm k message no"),
        outbox.query("select concat_ws(' ', destination, key, op, last_error) from outbox.failed"));
  }

  @Test
  void publish_writesTheMessageAsGiven() throws SQLException {
    outbox.execute(
        "select outbox.publish('crm', '{\"a\": 1.50}', 'k', 'order.paid', '{\"h\":1}', now() + interval '1 hour')");
    assertEquals(
        List.of("message crm k order.paid {\"a\": 1.50} {\"h\":1} t pending"),
        outbox.query(
            "select concat_ws(' ', op, destination, key, type, new_row, headers, due_at > now(), state)"
                + " from outbox.message"));
    outbox.refuses("42704", "select outbox.publish('nope', '{}')");
    outbox.refuses("42704", "select outbox.publish(null, '{}')");
    outbox.refuses("22004", "select outbox.publish('crm', null)");
    outbox.refuses("22023", "select outbox.publish('crm', '{}', headers => '[1]')");
  }
}
