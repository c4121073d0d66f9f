// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.receiver.Refusal;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Lines;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A transaction that a person leaves open holds messages: what else goes on meanwhile. */
final class ForeignLockTest {
  private final Lines lines = new Lines();
  private TestDatabase db;
  private Receiver receiver;
  private Connection person;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    receiver = Receiver.start(ReceiverOptions.DEFAULTS, lines);
    db.execute(
        "insert into outbox.destination (name, uri, retry_initial, retry_max, max_attempts)"
            + " select n, 'tcp://127.0.0.1:"
            + receiver.port()
            + "', '20 ms', '50 ms', 1000000 from unnest('{out,well}'::text[]) n");
    person = db.connect();
    person.setAutoCommit(false);
  }

  @AfterEach
  void tearDown() throws Exception {
    person.close();
    receiver.close();
    db.close();
  }

  private void publish(String destination, int count, String payload, String key)
      throws SQLException {
    db.execute(
        "select outbox.publish('"
            + destination
            + "', '"
            + payload
            + "', "
            + key
            + ") from generate_series(1, "
            + count
            + ") g");
  }

  /** LockLease messages to {@code out}, in the table where they are. */
  private void lock(String table, String condition) throws SQLException {
    try (Statement s = person.createStatement()) {
      s.execute(
          "select from outbox."
              + table
              + " where destination = outbox_internal.destination_number('out') and "
              + condition
              + " for update");
    }
  }

  private long owed(String destination) throws Exception {
    return db.count(
        "select count(*) from outbox.message where destination = '" + destination + "'");
  }

  @Test
  void refusedMessages_locked_otherDestinationsGoOn() throws Exception {
    receiver.refuse(Refusal.matching(Pattern.compile("\"n\":1\\b"), "not yet"));
    publish("out", 50, "{\"n\":1}", "g::text");
    try (RunningRelay relay = RunningRelay.start(db)) {
      Await.until("refused", () -> db.count("select retry from outbox.status limit 1") == 50);
      lock("parked", "true");
      for (int i = 1; i <= 20; i++) {
        int sent = lines.count();
        publish("well", 1, "{\"n\":2}", "null");
        Await.until("another line", () -> lines.count() > sent);
        Await.until("the healthy one is owed nothing", () -> owed("well") == 0);
      }
      receiver.refuse(null);
      person.rollback();
      Await.until("nothing owed", () -> owed("out") == 0);
    }
  }

  @Test
  void deliveredMessages_locked_theOthersLeaveTheTable() throws Exception {
    publish("out", 100, "{\"n\":1}", "g::text");
    publish("well", 100, "{\"n\":2}", "g::text");
    lock("pending", "key in ('7', '70')");
    try (RunningRelay relay = RunningRelay.start(db)) {
      Await.until("all lines", () -> lines.count() == 200);
      Await.until("the healthy one is owed nothing", () -> owed("well") == 0);
      Await.until("only what is locked is there", () -> owed("out") == 2);
      publish("well", 1, "{\"n\":3}", "null");
      Await.until("the healthy one goes on", () -> lines.count() == 201 && owed("well") == 0);
      person.rollback();
      Await.until("nothing owed", () -> owed("out") == 0);
    }
    assertEquals(201, lines.count());
  }

  @Test
  void keptMessages_locked_theOthersAreMarked() throws Exception {
    db.execute("update outbox.destination set keep_delivered = '1 hour'");
    publish("out", 10, "{\"n\":1}", "g::text");
    lock("pending", "key = '7'");
    String pending = "select count(*) from outbox.message where state = 'pending'";
    try (RunningRelay relay = RunningRelay.start(db)) {
      Await.until("only what is locked is owed", () -> db.count(pending) == 1);
      person.rollback();
      Await.until("nothing owed", () -> db.count(pending) == 0);
    }
    assertEquals(10, lines.count());
    assertEquals(10, owed("out"));
  }

  @Test
  void followers_locked_otherKeysAreHeldAndGoOn() throws Exception {
    receiver.refuse(Refusal.matching(Pattern.compile("\"n\":1\\b"), "not yet"));
    publish("out", 1, "{\"n\":1}", "'a'");
    publish("out", 1, "{\"n\":1,\"other\":true}", "'b'");
    publish("out", 1, "{\"n\":2}", "'a'");
    publish("out", 1, "{\"n\":3}", "'b'");
    lock("pending", "new_row ->> 'n' = '2'");
    try (RunningRelay relay = RunningRelay.start(db)) {
      Await.until(
          "held",
          () ->
              db.query("select string_agg(state, ' ' order by id) from outbox.message")
                  .get(0)
                  .equals("retry retry pending held"));
      receiver.refuse(Refusal.matching(Pattern.compile("\"n\":1[^,]*}"), "not yet"));
      Await.until("the other key's follower", () -> lines.values("n").contains("3"));
      Await.until("the first key's wait", () -> owed("out") == 2);
      person.rollback();
      Await.until("held as well", () -> db.count("select held from outbox.status limit 1") == 1);
      receiver.refuse(null);
      Await.until("nothing owed", () -> owed("out") == 0);
    }
    assertEquals("2", lines.values("n").get(lines.count() - 1));
  }
}
