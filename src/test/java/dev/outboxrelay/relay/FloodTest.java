// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.receiver.Refusal;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.FaultySockets;
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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Anybody who may log in may notify anything, as often as he likes. */
final class FloodTest {
  /** At first, and for the message that comes amidst. */
  private static final int FEW = 50;

  /** What is left of the pause of 20 ms between reads in vain, when reads that follow count too. */
  private static final int LEAST_PAUSE_MILLIS = 12;

  private final Lines lines = new Lines();
  private final Queue<String> losses = new ConcurrentLinkedQueue<>();
  private final AtomicInteger reads = new AtomicInteger();
  private final AtomicInteger missed = new AtomicInteger();
  private TestDatabase db;
  private Receiver receiver;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    receiver = Receiver.start(ReceiverOptions.DEFAULTS, lines);
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://127.0.0.1:"
            + receiver.port()
            + "')");
  }

  @AfterEach
  void tearDown() throws Exception {
    receiver.close();
    db.close();
  }

  private final class Events implements RelayEvents {
    @Override
    public void databaseLost(String reason, long retryInMillis) {
      losses.add(reason);
    }

    @Override
    public void read(int messages) {
      reads.incrementAndGet();
    }

    @Override
    public void missed(String destination, int messages) {
      missed.addAndGet(messages);
    }
  }

  private RunningRelay relay() {
    return relay(db.url(), Duration.ofSeconds(1));
  }

  private RunningRelay relay(String url, Duration sweep) {
    RelayConfig c =
        RelayConfig.defaults(
            new DatabaseSettings(
                url, db.user(), db.password(), 3, Duration.ofSeconds(5), Duration.ofSeconds(10)),
            "test");
    return RunningRelay.start(
        new RelayConfig(
            c.database(),
            c.name(),
            sweep,
            c.poll(),
            c.pageSize(),
            c.memoryBytes(),
            c.maxMessageBytes(),
            c.stopTimeout()),
        new Events());
  }

  private void awaitNothingOwed() throws Exception {
    Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
  }

  /** A session that does one thing again and again. */
  private final class Loop implements AutoCloseable {
    private final Thread thread;
    private final AtomicInteger times = new AtomicInteger();
    private volatile boolean ended;

    Loop(String sql) {
      thread = new Thread(() -> run(sql), "flood");
      thread.start();
    }

    private void run(String sql) {
      try (Connection c = db.connect();
          Statement s = c.createStatement()) {
        while (!ended) {
          s.execute(sql);
          times.incrementAndGet();
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    int times() {
      return times.get();
    }

    @Override
    public void close() throws InterruptedException {
      ended = true;
      thread.join();
    }
  }

  /** Waits until the relay has no more to do than it always has. */
  private static void awaitQuiet() throws Exception {
    int[] last = {-1};
    Await.until(
        "quiet",
        () -> {
          int before = last[0];
          last[0] = FaultySockets.statements();
          LockSupport.parkNanos(300_000_000);
          return before == FaultySockets.statements();
        });
  }

  @Test
  void strangers_largeFloodOnBothChannels_messagesGoOn() throws Exception {
    try (RunningRelay relay = relay()) {
      db.execute("select outbox.publish('out', '{}')");
      awaitNothingOwed();
      for (String channel : List.of("outbox", "outbox_control")) {
        db.execute(
            "select count(pg_notify('%s', 'nope' || g || repeat('x', g %% 50 * 150)))"
                    .formatted(channel)
                + " from generate_series(1, 10000) g");
        db.execute("select count(outbox.publish('out', '{}')) from generate_series(1, 10)");
      }
      awaitNothingOwed();
      Await.until("all lines", () -> lines.count() == 21);
    }
    assertEquals(List.of(), List.copyOf(losses));
    assertEquals(0, missed.get());
  }

  /** Bells for which nothing comes are followed ever more seldom. */
  @Test
  void stranger_ringingForADestination_isNotReadForEachTime() throws Exception {
    try (RunningRelay relay = relay()) {
      db.execute("select outbox.publish('out', '{}')");
      awaitNothingOwed();
      int before = reads.get();
      long began = System.nanoTime();
      try (Loop one = new Loop("select pg_notify('outbox', 'out')");
          Loop two = new Loop("select pg_notify('outbox', 'out')")) {
        Await.until("rung", () -> one.times() + two.times() > 3000);
        db.execute("select outbox.publish('out', '{}')");
        awaitNothingOwed();
      }
      int read = reads.get() - before;
      long tookMillis = (System.nanoTime() - began) / 1_000_000;
      assertTrue(
          read <= FEW + tookMillis / LEAST_PAUSE_MILLIS, read + " reads in " + tookMillis + " ms");
    }
    assertEquals(List.of(), List.copyOf(losses));
  }

  @Test
  void control_inALoopWithManyDestinations_costsFewStatementsAndARequeueIsHeard() throws Exception {
    int destinations = 300;
    db.execute(
        "insert into outbox.destination (name, uri) select 'd' || g, 'tcp://127.0.0.1:"
            + receiver.port()
            + "' from generate_series(1, "
            + destinations
            + ") g",
        "update outbox.destination set retry_initial = '1 hour', retry_max = '1 hour'");
    try (RunningRelay relay = relay(FaultySockets.url(db.url()), Duration.ofMinutes(1))) {
      Await.until(
          "all are owned",
          () -> db.count("select count(*) from outbox.status where owner is null") == 0);
      receiver.refuse(Refusal.all("not yet"));
      db.execute("select outbox.publish('out', '{}')");
      Await.until(
          "refused",
          () -> db.count("select retry from outbox.status where destination = 'out'") == 1);
      receiver.refuse(null);
      awaitQuiet();
      int before = FaultySockets.statements();
      int told;
      try (Loop all = new Loop("select outbox.wake()");
          Loop each = new Loop("select outbox.wake('d' || (1 + random() * 299)::int)")) {
        Await.until("told often", () -> all.times() + each.times() > 3000);
        db.execute("select outbox.requeue(id) from outbox.message");
        Await.until("requeued and sent", () -> lines.count() >= 2);
        told = all.times() + each.times();
      }
      int statements = FaultySockets.statements() - before;
      assertTrue(statements < told / 4, statements + " statements for " + told + " notifications");
      awaitNothingOwed();
    }
    assertEquals(List.of(), List.copyOf(losses));
  }
}
