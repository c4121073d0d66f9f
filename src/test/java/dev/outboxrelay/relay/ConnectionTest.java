// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.WireId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the end of a connection says of its destination, and of the messages on it. */
final class ConnectionTest {
  private TestDatabase db;
  private ScriptedReceiver receiver;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    receiver = ScriptedReceiver.start();
    db.execute(
        "insert into outbox.destination (name, uri, retry_initial, retry_max, max_attempts) values ('out', '"
            + receiver.uri()
            + "', '50 ms', '100 ms', 3)");
  }

  @AfterEach
  void tearDown() throws Exception {
    receiver.close();
    db.close();
  }

  private long owed() throws Exception {
    return db.count("select count(*) from outbox.message");
  }

  private boolean isDown() throws Exception {
    return db.query("select down_since from outbox.status").get(0) != null;
  }

  private void publish(int count) throws Exception {
    db.execute("select outbox.publish('out', '{}') from generate_series(1, " + count + ")");
  }

  @Test
  void suspect_discarded_doesNotAcquitTheNext() throws Exception {
    receiver.script(line -> Reply.cut());
    db.execute("update outbox.destination set retry_initial = '1 hour', retry_max = '1 hour'");
    String charged = "select count(*) from outbox.message where state = 'retry' and attempts = 1";
    try (RunningRelay relay = RunningRelay.start(db)) {
      publish(1);
      Await.until("charged", () -> db.count(charged) == 1);
      db.execute("select outbox.discard(id) from outbox.message");
      publish(1);
      Await.until("the next one charged", () -> db.count(charged) == 1);
    }
  }

  @Test
  void receiver_closingWhateverItIsSent_isDownAndUpWithItsFirstAnswer() throws Exception {
    receiver.script(line -> Reply.cut());
    try (RunningRelay relay = RunningRelay.start(db)) {
      publish(5);
      Await.until("down", this::isDown);
      int before = receiver.accepted();
      Await.until("tried on", () -> receiver.accepted() > before + 2);
      assertEquals(5, owed());
      assertEquals(0, db.count("select failed from outbox.status"));
      assertTrue(db.count("select sum(attempts) from outbox.message") <= 1);
      receiver.script(line -> Reply.ack());
      Await.until("nothing owed", () -> owed() == 0);
      Await.until("up", () -> !isDown());
    }
  }

  @Test
  void receiver_closingWhatItAccepts_isDown() throws Exception {
    try (ServerSocket closing = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        RunningRelay relay = RunningRelay.start(db)) {
      Thread accepting = new Thread(() -> closeAll(closing), "closing");
      accepting.setDaemon(true);
      accepting.start();
      db.execute(
          "update outbox.destination set uri = 'tcp://127.0.0.1:" + closing.getLocalPort() + "'");
      publish(5);
      Await.until("down", this::isDown);
      assertEquals(0, db.count("select failed from outbox.status"));
      db.execute("update outbox.destination set uri = '" + receiver.uri() + "'");
      Await.until("nothing owed", () -> owed() == 0);
      Await.until("up", () -> !isDown());
    }
  }

  private static void closeAll(ServerSocket server) {
    while (!server.isClosed()) {
      try {
        server.accept().close();
      } catch (IOException e) {
        // The test is over, or the peer was gone before it was accepted.
      }
    }
  }

  @Test
  void connection_closedByTheRelayForBeingIdle_chargesNothing() throws Exception {
    AtomicInteger retried = new AtomicInteger();
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void retried(
              String destination, WireId id, int attempts, long delayMillis, String reason) {
            retried.incrementAndGet();
          }
        };
    db.execute("update outbox.destination set options = '{\"idle_timeout_ms\": 3}'");
    try (RunningRelay relay = RunningRelay.start(RunningRelay.config(db, "test"), events);
        Connection c = db.connect();
        Statement s = c.createStatement()) {
      for (int i = 0; i < 800; i++) {
        s.execute("select outbox.publish('out', '{}')");
        LockSupport.parkNanos(1_000_000L + i % 6 * 1_000_000L);
      }
      Await.until("nothing owed", () -> owed() == 0);
    }
    assertTrue(receiver.accepted() > 1);
    assertEquals(0, retried.get());
  }

  @Test
  void destination_mendedWhileDownAndNothingOwed_isReportedUp() throws Exception {
    db.execute("update outbox.destination set uri = 'tcp://127.0.0.1:1'");
    try (RunningRelay relay = RunningRelay.start(db)) {
      publish(1);
      Await.until("down", this::isDown);
      db.execute("select outbox.discard(id) from outbox.message");
      db.execute("update outbox.destination set uri = '" + receiver.uri() + "'");
      Await.until("up", () -> !isDown());
    }
  }
}
