// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import dev.outboxrelay.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rows that the server does not hand out: in a database of encoding SQL_ASCII, a text that no
 * client can be given in another encoding. Each fails alone.
 */
final class UnreadableTest {
  private static final String BAD = "caf\\xe9 \\x81";

  private TestDatabase db;
  private ScriptedReceiver receiver;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.createWithLocale("encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'");
    receiver = ScriptedReceiver.start();
    db.execute(
        "create table t (id int primary key, note text)",
        "create table keyed (id text primary key, note text)",
        "insert into outbox.destination (name, uri, retry_initial) values ('out', '"
            + receiver.uri()
            + "', '10 ms'), ('other', '"
            + receiver.uri()
            + "', '10 ms')",
        "select outbox.capture('t', 'out', '{id}')",
        "select outbox.capture('keyed', 'out')");
  }

  @AfterEach
  void tearDown() throws Exception {
    receiver.close();
    db.close();
  }

  private void awaitOwed(int count) throws Exception {
    Await.until(
        count + " owed",
        () -> db.count("select count(*) from outbox.message where state <> 'failed'") == count);
  }

  private List<String> failed() throws Exception {
    return db.query("select last_error from outbox.message where state = 'failed' order by id");
  }

  private long lines(Predicate<String> such) {
    return receiver.lines().stream().map(Line::text).filter(such).count();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void rowThatCannotBeRead_byPageOrTail_failsAloneWithTheServersWords(boolean running)
      throws Exception {
    String insert =
        "insert into t select g, case when g % 10 = 7 then E'"
            + BAD
            + "' else 'plain' end"
            + " from generate_series(1, 50) g";
    if (!running) {
      db.execute(insert);
    }
    try (RunningRelay relay = RunningRelay.start(db)) {
      if (running) {
        Await.until("owned", () -> db.count("select count(owner) from outbox.status") == 2);
        db.execute(insert);
      }
      awaitOwed(0);
      assertEquals(45, receiver.lines().size());
      List<String> failed = failed();
      assertEquals(5, failed.size());
      for (String words : failed) {
        assertTrue(words.contains("invalid byte sequence"), words);
        assertTrue(words.contains("22021"), words);
      }
    }
  }

  /** Each statement that reads messages meets one: by its time, requeued, behind a refused one. */
  @Test
  void rowThatCannotBeRead_byEachOtherRead_failsAlone() throws Exception {
    receiver.script(
        line -> line.text().contains("refuse") ? Reply.nackFor(Duration.ofHours(1)) : Reply.ack());
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute(
          "select outbox.publish('out', json_build_object('n', E'"
              + BAD
              + "'),"
              + " deliver_at => now() + interval '300 ms')",
          "select outbox.publish('out', '{}', deliver_at => now() + interval '300 ms')");
      awaitOwed(0);
      assertEquals(1, failed().size());

      db.execute("select outbox.requeue_failed()");
      awaitOwed(0);
      assertEquals(1, failed().size());
      db.execute("delete from outbox.message");

      db.execute("select outbox.publish('out', '\"refuse\"', 'k')");
      Await.until(
          "refused",
          () -> db.count("select count(*) from outbox.message where state = 'retry'") == 1);
      db.execute(
          "select outbox.publish('out', '{}', 'k')",
          "select outbox.publish('out', '{}', 'k')",
          "select outbox.publish('out', '{}', 'k')");
      Await.until(
          "held", () -> db.count("select count(*) from outbox.message where state = 'held'") == 3);
      db.execute(
          "update outbox.parked set new_row = json_build_object('n', E'"
              + BAD
              + "')"
              + " where id = (select min(id) + 1 from outbox.message)");
      receiver.script(line -> Reply.ack());
      db.execute("update outbox.message set due_at = now() where state = 'retry'");
      awaitOwed(0);
      assertEquals(1, failed().size());
    }
    assertEquals(5, receiver.lines().size());
  }

  @Test
  void rowThatCannotBeRead_onHold_holdsItsKeyAlone() throws Exception {
    db.execute("update outbox.destination set on_failure = 'hold'");
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute(
          "insert into t values (1, 'before'), (2, 'other')",
          "update t set note = E'" + BAD + "' where id = 1",
          "update t set note = 'after' where id = 1",
          "update t set note = 'after' where id = 2");
      Await.until(
          "held behind it",
          () ->
              db.query(
                      "select string_agg(state, ' ' order by id) from outbox.message where key = '1'")
                  .equals(List.of("failed held")));
    }
  }

  /** A key that cannot be read is no message's that can be. */
  @Test
  void keyThatCannotBeRead_evenOnHoldAndAfterARestart_stopsNothingElse() throws Exception {
    db.execute("update outbox.destination set on_failure = 'hold'");
    String bad = "insert into keyed values (E'" + BAD + "', 'a')";
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute(bad, "insert into keyed values ('good', 'a')");
      awaitOwed(0);
      assertEquals(1, failed().size());
    }
    db.execute("insert into keyed values ('better', 'a')", "update keyed set note = 'b'");
    try (RunningRelay relay = RunningRelay.start(db)) {
      awaitOwed(0);
      assertEquals(2, failed().size());
    }
    assertEquals(4, lines(line -> line.contains("\"keyed\"")));
  }

  /**
   * What a damaged pointer to a large value is answered with: no word of data, nor of corruption.
   * Such a row cannot be deleted either, so it stays, and is named.
   */
  @Test
  void rowThatCannotBeRead_byAnInternalError_stopsNoOtherAndIsNamed() throws Exception {
    db.execute(
        "select outbox.publish('out', to_json(case g when 2 then repeat('long', 10000) else '' end))"
            + " from generate_series(1, 3) g",
        "set allow_system_table_mods = on; update pg_index set indisvalid = false where indrelid ="
            + " (select reltoastrelid from pg_class where oid = 'outbox.pending'::regclass)");
    try (RunningRelay relay = RunningRelay.start(db)) {
      awaitOwed(1);
      Await.until(
          "named",
          () ->
              db.count(
                      "select count(*) from outbox.status where destination = 'out'"
                          + " and last_error like '%no valid index found%'")
                  == 1);
    }
    assertEquals(2, receiver.lines().size());
  }

  @Test
  void encoding_thatIsNotUtf8_isNamedByTheDoctor() throws Exception {
    assertEquals(
        List.of("warning " + db.name() + " SQL_ASCII"),
        db.query(
            "select severity || ' ' || object || ' ' || substring(finding from 'SQL_ASCII')"
                + " from outbox.doctor where check_name = 'encoding'"));
  }

  @Test
  void destinationThatCannotBeRead_isLeftOutAlone() throws Exception {
    db.execute(
        "update outbox.destination set uri = 'tls://127.0.0.1:1', options = jsonb_build_object('tls_ca', E'"
            + BAD
            + "')"
            + " where name = 'other'",
        "select outbox.publish('out', '{}')");
    try (RunningRelay relay = RunningRelay.start(db)) {
      awaitOwed(0);
      String error =
          db.query("select last_error from outbox.status where destination = 'other'").get(0);
      assertTrue(error.contains("invalid byte sequence"), error);
      db.execute("update outbox.destination set options = '{}' where name = 'other'");
      Await.until("owned", () -> db.count("select count(owner) from outbox.status") == 2);
    }
  }
}
