// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.testing.Wire;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A truncate that waits, with more behind it than a lane keeps in memory. */
final class TruncateTest {
  private static final int PAGE = 5;

  /** What the windows brought when no more fits behind the truncate. */
  private static final int FULL = 2 * PAGE + 1;

  private final AtomicInteger read = new AtomicInteger();
  private final RelayEvents events =
      new RelayEvents() {
        @Override
        public void read(int messages) {
          read.addAndGet(messages);
        }
      };

  private TestDatabase db;
  private ScriptedReceiver receiver;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    receiver = ScriptedReceiver.start();
    db.execute(
        "create table orders (id int primary key)",
        "insert into outbox.destination (name, uri, retry_initial, retry_max) values ('out', '"
            + receiver.uri()
            + "', '1 hour', '1 hour')",
        "select outbox.capture('orders', 'out', operations => '{insert,truncate}')");
  }

  @AfterEach
  void tearDown() throws Exception {
    receiver.close();
    db.close();
  }

  private RunningRelay start() {
    RelayConfig c = RunningRelay.config(db, "test");
    return RunningRelay.start(
        new RelayConfig(
            c.database(),
            c.name(),
            c.sweep(),
            c.poll(),
            PAGE,
            c.memoryBytes(),
            c.maxMessageBytes(),
            c.stopTimeout()),
        events);
  }

  private static String op(Line line) {
    return Wire.parse(line.text()).path("op").asText();
  }

  /** Refuses what is sent first. */
  private void refuseFirst(Reply refusal) {
    receiver.script(line -> line.sequence() == 1 ? refusal : Reply.ack());
  }

  private void awaitRefused() throws Exception {
    Await.until(
        "refused",
        () -> db.count("select count(*) from outbox.message where state = 'retry'") == 1);
  }

  private void awaitFull() throws Exception {
    Await.until("memory is full", () -> read.get() >= FULL);
  }

  private void awaitAll() throws Exception {
    Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
  }

  @Test
  void truncate_refusedAndMuchBehindIt_isTriedAgain() throws Exception {
    refuseFirst(Reply.nackFor(Duration.ofSeconds(1)));
    try (RunningRelay relay = start()) {
      db.execute("truncate orders", "insert into orders select generate_series(1, 40)");
      awaitAll();
    }
    List<Line> lines = receiver.lines();
    assertEquals(42, lines.size());
    assertEquals(List.of("truncate", "truncate"), List.of(op(lines.get(0)), op(lines.get(1))));
  }

  @Test
  void truncate_behindARefusedMessageAndMuchBehindIt_goesAfterIt() throws Exception {
    refuseFirst(Reply.nackFor(Duration.ofSeconds(1)));
    try (RunningRelay relay = start()) {
      db.execute(
          "insert into orders values (0)",
          "truncate orders",
          "insert into orders select generate_series(1, 40)");
      awaitAll();
    }
    List<Line> lines = receiver.lines();
    assertEquals(
        List.of("insert", "insert", "truncate"),
        lines.stream().limit(3).map(TruncateTest::op).toList());
    assertEquals(43, lines.size());
  }

  @Test
  void truncate_refusedAndRequeuedWithMuchBehindIt_goes() throws Exception {
    refuseFirst(Reply.nack("not yet"));
    try (RunningRelay relay = start()) {
      db.execute("truncate orders", "insert into orders select generate_series(1, 40)");
      awaitRefused();
      awaitFull();
      db.execute("select outbox.requeue(min(id)) from outbox.message");
      awaitAll();
    }
    assertEquals("truncate", op(receiver.lines().get(1)));
    assertEquals(42, receiver.lines().size());
  }

  @Test
  void truncate_behindAMessageThatIsRequeued_goesAfterIt() throws Exception {
    refuseFirst(Reply.nack("not yet"));
    try (RunningRelay relay = start()) {
      db.execute(
          "insert into orders values (0)",
          "truncate orders",
          "insert into orders select generate_series(1, 40)");
      awaitRefused();
      awaitFull();
      db.execute("update outbox.message set state = 'pending' where state = 'retry'");
      awaitAll();
    }
    assertEquals(
        List.of("insert", "insert", "truncate"),
        receiver.lines().stream().limit(3).map(TruncateTest::op).toList());
  }

  @Test
  void published_forLaterAndManyDueBehindATruncate_goAfterIt() throws Exception {
    refuseFirst(Reply.nackFor(Duration.ofSeconds(2)));
    try (RunningRelay relay = start()) {
      db.execute("truncate orders");
      // What is due is read apart: it would be first where the truncate is read late.
      Await.until("the truncate is refused", () -> !receiver.lines().isEmpty());
      db.execute(
          "select outbox.publish('out', '{}', deliver_at => now() + interval '500 ms') from generate_series(1, 60)",
          "insert into orders select generate_series(1, 40)");
      awaitAll();
    }
    assertEquals("truncate", op(receiver.lines().get(1)));
    assertEquals(102, receiver.lines().size());
  }
}
