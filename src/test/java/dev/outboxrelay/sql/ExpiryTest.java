// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is too old, and what is to be forgotten. */
final class ExpiryTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static final String STATES =
      "select concat_ws(' ', key, state, last_error) from outbox.message order by id";

  private static void publish(String... keys) throws SQLException {
    for (String key : keys) {
      outbox.execute("select outbox.publish('crm', '{}', '" + key + "')");
    }
  }

  /** As if it had been written an hour ago. */
  private static void age(String keys) throws SQLException {
    for (String table : List.of("pending", "parked")) {
      outbox.execute(
          "update outbox."
              + table
              + " set created_at = now() - interval '1 hour' where key = any ('"
              + keys
              + "')");
    }
  }

  private static List<String> expire() throws SQLException {
    return outbox.query("select destination || ': ' || done from outbox.expire()");
  }

  @Test
  void noSetting_old_staysOwed() throws SQLException {
    publish("a");
    age("{a}");
    assertEquals(List.of(), expire());
    assertEquals(List.of("a pending"), outbox.query(STATES));
  }

  @Test
  void timeToLive_whatIsOlder_isSetAsideAndCounted() throws SQLException {
    publish("old", "refused", "held", "young");
    outbox.execute(
        "set outbox.relay = on; update outbox.message set state = 'retry', attempts = 1,"
            + " due_at = now(), last_error = 'bad' where key = 'refused'",
        "set outbox.relay = on; update outbox.message set state = 'held' where key = 'held'",
        "update outbox.destination set time_to_live = '10 minutes'");
    age("{old,refused,held}");
    assertEquals(
        List.of("crm: messages set aside, since they are older than time_to_live: 3"), expire());
    String words = "expired: older than time_to_live, 00:10:00";
    assertEquals(
        List.of(
            "old failed " + words,
            "refused failed " + words + "; before that: bad",
            "held failed " + words,
            "young pending"),
        outbox.query(STATES));
    assertEquals(List.of(), expire());
    assertEquals(
        List.of("3 0"), outbox.query("select messages || ' ' || failed from outbox.expired"));
    assertEquals(
        3, outbox.count("select count(*) from outbox.failed where failed_at = first_failed_at"));
    assertEquals(
        List.of("it was set aside without a refusal: " + words),
        outbox.query(
            "select e.explanation from outbox.message m, outbox.explain(m.id) e"
                + " where m.key = 'old'"));
  }

  @Test
  void timeToLive_truncateAndKept_stay() throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm', operations => '{truncate}')",
        "truncate t",
        "update outbox.pending set created_at = now() - interval '1 hour'",
        "update outbox.destination set time_to_live = '10 minutes'");
    publish("kept");
    outbox.execute("update outbox.message set state = 'delivered' where key = 'kept'");
    age("{kept}");
    assertEquals(List.of(), expire());
  }

  @Test
  void keepFailed_whatFailedBefore_isGivenUpAndNoted() throws SQLException {
    publish("a", "b", "c");
    outbox.execute(
        "update outbox.message set state = 'failed' where key in ('a', 'b')",
        "update outbox.parked set failed_at = now() - interval '1 day' where key = 'a'",
        "update outbox.destination set keep_failed = '1 hour'");
    assertEquals(
        List.of("crm: messages given up, since they were set aside for longer than keep_failed: 1"),
        expire());
    assertEquals(List.of("b failed", "c pending"), outbox.query(STATES));
    assertEquals(
        List.of("crm keep_failed 1 {\"message\": 1}"),
        outbox.query(
            "select concat_ws(' ', destination, shed_by, messages, contents)"
                + " from outbox.shed_record"));
    assertEquals(
        List.of("0 1"), outbox.query("select messages || ' ' || failed from outbox.expired"));
  }

  @Test
  void erase_ofAKey_takesWhatIsKeptOrSetAsideAndNothingElse() throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm')",
        "insert into t values (1), (2)",
        "update outbox.message set state = 'delivered'",
        "delete from t");
    publish("1");
    outbox.execute(
        "update outbox.message set state = 'failed' where type is null and op = 'message'");
    assertEquals(1, outbox.count("select outbox.erase('t', '1')"));
    assertEquals(0, outbox.count("select outbox.erase('t', '1')"));
    assertEquals(
        List.of("delete 1 pending", "delete 2 pending", "insert 2 delivered", "message 1 failed"),
        outbox.query(
            "select concat_ws(' ', op, key, state) from outbox.message order by op, key, state"));
    assertEquals(1, outbox.count("select outbox.erase(null, '1')"));
    outbox.refuses("22004", "select outbox.erase('t', null)");
    outbox.execute("create table never (id int primary key)");
    outbox.refuses("22023", "select outbox.erase('never', '1')");
  }

  @Test
  void erase_ofALargeKey_takesThatKeyAlone() throws SQLException {
    publish("x".repeat(300), "y".repeat(300));
    outbox.execute("update outbox.message set state = 'delivered'");
    assertEquals(1, outbox.count("select outbox.erase(null, repeat('x', 300))"));
    assertEquals(1, outbox.count("select count(*) from outbox.message where key ~ '^y'"));
  }
}
