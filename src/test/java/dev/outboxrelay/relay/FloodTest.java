package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Anybody who may log in may notify anything, as often as he likes. */
final class FloodTest {
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
    RelayConfig c = RunningRelay.config(db, "test");
    return RunningRelay.start(
        new RelayConfig(
            c.database(),
            c.name(),
            Duration.ofSeconds(1),
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

  /** Of the whole database; what is not the test's own is the relay's. */
  private long transactions() throws Exception {
    db.execute("select pg_stat_clear_snapshot()");
    return db.count("select xact_commit from pg_stat_database where datname = current_database()");
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
      int rung;
      try (Loop one = new Loop("select pg_notify('outbox', 'out')");
          Loop two = new Loop("select pg_notify('outbox', 'out')")) {
        Await.until("rung", () -> one.times() + two.times() > 3000);
        db.execute("select outbox.publish('out', '{}')");
        awaitNothingOwed();
        rung = one.times() + two.times();
      }
      int read = reads.get() - before;
      assertTrue(read < rung / 3, read + " reads for " + rung + " bells");
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
    try (RunningRelay relay = relay()) {
      Await.until(
          "all are owned",
          () -> db.count("select count(*) from outbox.status where owner is null") == 0);
      receiver.refuse(Refusal.all("not yet"));
      db.execute("select outbox.publish('out', '{}')");
      Await.until(
          "refused",
          () -> db.count("select retry from outbox.status where destination = 'out'") == 1);
      receiver.refuse(null);
      long before = transactions();
      long floods = 0;
      int asked = 0;
      try (Loop all = new Loop("select outbox.wake()");
          Loop each = new Loop("select outbox.wake('d' || (1 + random() * 299)::int)")) {
        Await.until("told often", () -> all.times() + each.times() > 3000);
        db.execute("select outbox.requeue(id) from outbox.message");
        Await.until("requeued and sent", () -> lines.count() >= 2);
        floods = all.times() + each.times();
      }
      awaitNothingOwed();
      Await.until("counted", () -> transactions() - before >= 0);
      long relays = transactions() - before - floods;
      assertTrue(relays < floods / 2, relays + " statements for " + floods + " notifications");
    }
    assertEquals(List.of(), List.copyOf(losses));
  }
}
