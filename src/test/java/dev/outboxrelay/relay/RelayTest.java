// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.receiver.Refusal;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Lines;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole engine, over a real database and real sockets. */
final class RelayTest {
  private final Lines lines = new Lines();

  /** Thousands are given up, one after the other, before the first is taken over anew. */
  private static final Duration UNTIL_ALL_ARE_GIVEN_UP = Duration.ofMinutes(2);

  private TestDatabase db;
  private Receiver receiver;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    receiver = Receiver.start(ReceiverOptions.DEFAULTS, lines);
    db.execute(
        "create table orders (id int primary key, total numeric)",
        "insert into outbox.destination (name, uri, retry_initial, retry_max, max_attempts) values ('out', 'tcp://127.0.0.1:"
            + receiver.port()
            + "', '20 ms', '50 ms', 3)",
        "select outbox.capture('orders', 'out')");
  }

  @AfterEach
  void tearDown() throws Exception {
    receiver.close();
    db.close();
  }

  private long owed() throws Exception {
    return db.count("select count(*) from outbox.message");
  }

  @Test
  void change_relayRunning_arrivesAndLeavesTheTable() throws Exception {
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute("insert into orders values (1, 1.50)");
      db.execute("update orders set total = 2.50 where id = 1");
      db.execute("delete from orders where id = 1");
      Await.until("three lines", () -> lines.count() == 3);
      Await.until("nothing owed", () -> owed() == 0);
    }
    List<String> ops = lines.all().stream().map(l -> l.path("op").asText()).toList();
    assertEquals(List.of("insert", "update", "delete"), ops);
    assertEquals("1", lines.all().get(0).path("key").asText());
  }

  @Test
  void backlog_relayStarts_arrivesInOrder() throws Exception {
    db.execute("insert into orders select g, g from generate_series(1, 5000) g");
    db.execute("update orders set total = total + 1");
    try (RunningRelay relay = RunningRelay.start(db)) {
      Await.until("10,000 lines", () -> lines.count() >= 10_000);
      Await.until("nothing owed", () -> owed() == 0);
    }
    assertEquals(10_000, lines.count());
    assertEquals(
        5000,
        lines.all().stream()
            .limit(5000)
            .filter(l -> l.path("op").asText().equals("insert"))
            .count());
  }

  @Test
  void bulk_relayAsleep_arrivesOnce() throws Exception {
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute("insert into orders values (0, 0)");
      Await.until("one line", () -> lines.count() == 1);
      db.execute("insert into orders select g, g from generate_series(1, 20000) g");
      Await.until("all lines", () -> lines.count() >= 20_001);
      db.execute("insert into orders values (-1, 0)");
      Await.until("last line", () -> lines.count() >= 20_002);
      Await.until("nothing owed", () -> owed() == 0);
    }
    assertEquals(20_002, lines.count());
  }

  @Test
  void refused_madeDueWithoutABell_isFoundByTheSweep() throws Exception {
    db.execute("update outbox.destination set retry_initial = '1 hour', retry_max = '1 hour'");
    receiver.refuse(Refusal.all("not yet"));
    try (RunningRelay relay = RunningRelay.start(sweepingEachSecond(), RelayEvents.NONE)) {
      db.execute("insert into orders values (1, 1)");
      Await.until(
          "set aside for an hour",
          () -> db.count("select count(*) from outbox.message where state = 'retry'") == 1);
      receiver.refuse(null);
      try (Connection untold = db.connect();
          Statement statement = untold.createStatement()) {
        statement.execute("set outbox.relay = on; update outbox.message set due_at = now()");
      }
      Await.until("delivered", () -> owed() == 0);
    }
  }

  @Test
  void change_withoutABell_isFoundByTheSweepAndCountedOnce() throws Exception {
    Queue<Integer> missed = new ConcurrentLinkedQueue<>();
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void missed(String destination, int messages) {
            missed.add(messages);
          }
        };
    try (RunningRelay relay = RunningRelay.startAmongSilentWriters(sweepingEachSecond(), events)) {
      db.execute("insert into orders values (1, 1)");
      Await.until("one line", () -> lines.count() == 1);
      db.execute("insert into orders values (2, 1)");
      Await.until("two lines", () -> lines.count() == 2);
      try (Connection connection = db.connect();
          Statement statement = connection.createStatement()) {
        statement.execute(
            "set outbox.notify = 'off'; insert into orders select g, 1 from generate_series(3, 5) g");
      }
      Await.until("five lines", () -> lines.count() == 5);
      Await.until("counted", () -> !missed.isEmpty());
    }
    assertEquals(List.of(3), List.copyOf(missed));
  }

  @Test
  void thousandsOfDestinations_changedAtOnce_goOnWithoutAnEnd() throws Exception {
    Queue<String> lost = new ConcurrentLinkedQueue<>();
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void databaseLost(String reason, long retryInMillis) {
            lost.add(reason);
          }
        };
    String taken = "select count(*) from outbox.destination_state where epoch > 0";
    String again =
        "select count(*) from outbox.destination_state s join before b using (destination)"
            + " where s.epoch > b.epoch";
    db.execute(
        "insert into outbox.destination (name, uri) select 'd' || g, 'tcp://127.0.0.1:"
            + receiver.port()
            + "' from generate_series(1, 3000) g");
    try (RunningRelay relay = RunningRelay.start(RunningRelay.config(db, "test"), events)) {
      Await.reaches("all are owned", 3001, () -> db.count(taken));
      db.execute("create table before as select * from outbox.destination_state");
      db.execute("update outbox.destination set max_attempts = 7");
      Await.reaches(
          "all are taken over anew",
          3001,
          UNTIL_ALL_ARE_GIVEN_UP,
          () -> lost.isEmpty() ? db.count(again) : 3001);
      db.execute("insert into orders values (1, 1)");
      Await.until("one line", () -> lines.count() == 1);
    }
    assertEquals(List.of(), List.copyOf(lost));
  }

  private RelayConfig sweepingEachSecond() {
    RelayConfig c = RunningRelay.config(db, "test");
    return new RelayConfig(
        c.database(),
        c.name(),
        Duration.ofSeconds(1),
        c.poll(),
        c.pageSize(),
        c.memoryBytes(),
        c.maxMessageBytes(),
        c.stopTimeout());
  }

  @Test
  void refused_followersHeld_thenInOrder() throws Exception {
    receiver.refuse(Refusal.matching(Pattern.compile("\"total\":1\\b"), "no ones"));
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute("insert into orders values (1, 1)", "insert into orders values (2, 7)");
      for (int i = 2; i <= 20; i++) {
        db.execute("update orders set total = " + i + " where id = 1");
      }
      // Updates carry old values, so the first update is refused as well.
      Await.until("failed twice", () -> db.count("select failed from outbox.status") == 2);
      Await.until("the rest gone", () -> owed() == 2);
      receiver.refuse(null);
      assertEquals(2, db.count("select outbox.requeue_failed()"));
      Await.until("nothing owed", () -> owed() == 0);
    }
    List<String> accepted = IntStream.rangeClosed(3, 20).mapToObj(Integer::toString).toList();
    List<String> updates =
        lines.all().stream()
            .filter(
                l -> l.path("key").asText().equals("1") && l.path("new").path("total").asInt() > 2)
            .map(l -> l.path("new").path("total").asText())
            .toList();
    assertEquals(accepted, updates);
    assertTrue(lines.values("total").contains("7"));
  }

  @Test
  void failed_onFailureHold_keyWaitsUntilRequeued() throws Exception {
    db.execute("update outbox.destination set on_failure = 'hold'");
    receiver.refuse(Refusal.matching(Pattern.compile("\"op\":\"insert\".*\"total\":1\\b"), "no"));
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute("insert into orders values (1, 1)", "insert into orders values (2, 7)");
      db.execute("update orders set total = 5 where id = 1");
      Await.until("failed", () -> db.count("select failed from outbox.status") == 1);
      db.execute("update orders set total = 6 where id = 1");
      Await.until("held", () -> db.count("select held from outbox.status") == 2);
      receiver.refuse(null);
      db.execute("update outbox.message set state = 'pending' where state = 'failed'");
      Await.until("nothing owed", () -> owed() == 0);
    }
    List<String> totals =
        lines.all().stream()
            .filter(l -> l.path("key").asText().equals("1"))
            .map(l -> l.path("new").path("total").asText())
            .toList();
    assertEquals(List.of("1", "1", "1", "1", "5", "6"), totals);
  }

  @Test
  void receiverAway_noAttemptsBurnt_arrivesLater() throws Exception {
    int port = receiver.port();
    receiver.close();
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute("insert into orders select g, g from generate_series(1, 100) g");
      Await.until("down", () -> db.query("select down_since from outbox.status").get(0) != null);
      assertEquals(0, db.count("select max(attempts) from outbox.message"));
      receiver = Receiver.start(ReceiverOptions.DEFAULTS.withPort(port), lines);
      Await.until("all arrive", () -> lines.count() == 100);
      Await.until("nothing owed", () -> owed() == 0);
      Await.until("up", () -> db.query("select down_since from outbox.status").get(0) == null);
    }
  }

  @Test
  void listener_bellsWithoutPause_staysConnected() throws Exception {
    AtomicInteger losses = new AtomicInteger();
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void databaseLost(String reason, long retryInMillis) {
            losses.incrementAndGet();
          }
        };
    RelayConfig config = RunningRelay.config(db, "test", Duration.ofSeconds(1));
    try (RunningRelay relay = RunningRelay.start(config, events);
        Connection c = db.connect();
        Statement s = c.createStatement()) {
      long end = System.nanoTime() + 3_000_000_000L;
      for (int i = 1; System.nanoTime() < end; i++) {
        s.execute("insert into orders values (" + i + ", 0)");
        s.execute("select pg_notify('outbox', 'out')");
        LockSupport.parkNanos(20_000_000);
      }
      Await.until("nothing owed", () -> owed() == 0);
    }
    assertEquals(0, losses.get());
  }

  @Test
  void session_terminated_relayHeals() throws Exception {
    try (RunningRelay relay = RunningRelay.start(db)) {
      for (String session :
          List.of("outbox-relay locks", "outbox-relay listener", "outbox-relay")) {
        int before = lines.count();
        db.execute("insert into orders values (" + (before + 1) + ", 0)");
        Await.until("a line", () -> lines.count() > before);
        Await.until("nothing owed", () -> owed() == 0);
        assertTrue(
            db.count(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database()"
                        + " and application_name = '"
                        + session
                        + "'")
                > 0);
        db.execute("insert into orders values (" + (-before - 1) + ", 0)");
        Await.until("after the end of " + session, () -> owed() == 0);
      }
    }
  }

  @Test
  void truncate_amongChanges_keepsItsPlace() throws Exception {
    db.execute(
        "select outbox.release('orders')",
        "select outbox.capture('orders', 'out', operations => '{insert,update,delete,truncate}')");
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute(
          "insert into orders select g, g from generate_series(1, 500) g",
          "truncate orders",
          "insert into orders select g, g from generate_series(1, 500) g");
      Await.until("all lines", () -> lines.count() == 1001);
    }
    assertEquals("truncate", lines.all().get(500).path("op").asText());
  }

  @Test
  void published_deliverAt_waits() throws Exception {
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute(
          "select outbox.publish('out', '{\"n\":1}', deliver_at => now() + interval '4 s')",
          "select outbox.publish('out', '{\"n\":2}')");
      Await.until("one line", () -> lines.count() >= 1);
      assertEquals("2", lines.values("n").get(0));
      Await.until("two lines", () -> lines.count() == 2);
      Await.until("nothing owed", () -> owed() == 0);
    }
  }

  @Test
  void paused_resumed_delivers() throws Exception {
    CountDownLatch released = new CountDownLatch(1);
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void released(String destination, String reason) {
            released.countDown();
          }
        };
    try (RunningRelay relay = RunningRelay.start(RunningRelay.config(db, "test"), events)) {
      db.execute("insert into orders values (1, 1)");
      Await.until("one line", () -> lines.count() == 1);
      db.execute("select outbox.pause('out')");
      assertTrue(released.await(30, TimeUnit.SECONDS));
      db.execute("insert into orders values (2, 1)");
      db.execute(
          "insert into outbox.destination (name, uri) values ('marker', 'tcp://127.0.0.1:"
              + receiver.port()
              + "')",
          "select outbox.publish('marker', '{}')");
      Await.until("the marker", () -> lines.count() == 2);
      assertEquals("message", lines.all().get(1).path("op").asText());
      db.execute("select outbox.resume('out')");
      Await.until("the line after resume", () -> lines.count() == 3);
    }
  }

  @Test
  void published_timeWithoutEnd_stopsNothing() throws Exception {
    SQLException refused =
        assertThrows(
            SQLException.class,
            () -> db.execute("select outbox.publish('out', '{}', deliver_at => 'infinity')"));
    assertTrue(refused.getMessage().contains("infinity"));
    db.execute(
        "insert into outbox.message (destination, op, new_row, due_at) values ('out', 'message', '{}', 'infinity')",
        "insert into outbox.message (destination, op, new_row, due_at) values ('out', 'message', '{}', '-infinity')",
        "insert into outbox.message (destination, op, new_row, due_at) values ('out', 'message', '{}', '9999-01-01')");
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute("insert into orders values (1, 1)");
      Await.until("all but the endless", () -> owed() == 2);
      db.execute("select outbox.publish('out', '{}', deliver_at => '2400-01-01')");
      db.execute("select outbox.publish('out', '{}', deliver_at => now() + interval '1 second')");
      Await.until("the one that is due", Duration.ofSeconds(20), () -> owed() == 3);
    }
  }

  @Test
  void headRequeuedWhilePaused_resumed_goesBeforeItsFollowers() throws Exception {
    db.execute("update outbox.destination set retry_initial = '1 hour', retry_max = '1 hour'");
    receiver.refuse(Refusal.matching(Pattern.compile("\"op\":\"insert\""), "not yet"));
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute("insert into orders values (1, 1)", "update orders set total = 2 where id = 1");
      db.execute("update orders set total = 3 where id = 1");
      Await.until("held", () -> db.count("select held from outbox.status") == 2);
      receiver.refuse(null);
      db.execute("select outbox.pause('out')");
      db.execute("select outbox.requeue(min(id)) from outbox.message");
      db.execute("select outbox.resume('out')");
      Await.until("nothing owed", () -> owed() == 0);
    }
    assertEquals(List.of("1", "1", "2", "3"), lines.values("total"));
  }

  @Test
  void truncateRefused_requeuedOrDiscarded_letsTheRestGo() throws Exception {
    db.execute(
        "update outbox.destination set retry_initial = '1 hour', retry_max = '1 hour'",
        "select outbox.release('orders')",
        "select outbox.capture('orders', 'out', operations => '{insert,truncate}')");
    receiver.refuse(Refusal.matching(Pattern.compile("\"op\":\"truncate\""), "not yet"));
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute("truncate orders", "insert into orders values (1, 1)");
      Await.until("refused", () -> db.count("select retry from outbox.status") == 1);
      receiver.refuse(null);
      db.execute("select outbox.requeue(min(id)) from outbox.message");
      Await.until("nothing owed", () -> owed() == 0);
      receiver.refuse(Refusal.matching(Pattern.compile("\"op\":\"truncate\""), "not yet"));
      db.execute("truncate orders", "insert into orders values (2, 1)");
      Await.until("refused again", () -> db.count("select retry from outbox.status") == 1);
      db.execute("select outbox.discard(min(id)) from outbox.message");
      Await.until("nothing owed", () -> owed() == 0);
    }
    assertEquals(
        List.of("truncate", "truncate", "insert", "truncate", "insert"),
        lines.all().stream().map(l -> l.path("op").asText()).toList());
  }

  @Test
  void held_orderGivenUp_goes() throws Exception {
    db.execute("update outbox.destination set retry_initial = '1 hour', retry_max = '1 hour'");
    receiver.refuse(Refusal.matching(Pattern.compile("\"op\":\"insert\""), "not yet"));
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute("insert into orders values (1, 1)", "update orders set total = 2 where id = 1");
      Await.until("held", () -> db.count("select held from outbox.status") == 1);
      db.execute("update outbox.destination set ordering = 'none'");
      Await.until("only the refused one is owed", () -> owed() == 1);
    }
  }

  @Test
  void destinationChangedWhileDown_reached_isReportedUp() throws Exception {
    receiver.close();
    try (RunningRelay relay = RunningRelay.start(db)) {
      db.execute("insert into orders values (1, 1)");
      Await.until("down", () -> db.query("select down_since from outbox.status").get(0) != null);
      receiver = Receiver.start(ReceiverOptions.DEFAULTS, lines);
      db.execute("update outbox.destination set uri = 'tcp://127.0.0.1:" + receiver.port() + "'");
      Await.until("arrives", () -> lines.count() == 1);
      Await.until("up", () -> db.query("select down_since from outbox.status").get(0) == null);
    }
  }
}
