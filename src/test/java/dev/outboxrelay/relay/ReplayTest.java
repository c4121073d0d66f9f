// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Message;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Kept messages again, beside what is written meanwhile. */
final class ReplayTest {
  private static final Pattern BODY = Pattern.compile("\"key\":\"(\\d+)\".*\"new\":(\\d+)");

  private TestDatabase db;
  private Relay relay;
  private final Arrivals arrivals = new Arrivals();

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    db.execute(
        "insert into outbox.destination (name, uri, keep_delivered)"
            + " values ('out', 'tcp://h:1', '1 day')");
    relay = new Relay(RunningRelay.config(db, "test"), arrivals, RelayEvents.NONE);
    relay.start();
  }

  @AfterEach
  void tearDown() throws Exception {
    relay.stop();
    db.close();
  }

  /** Acknowledges everything, and notes of each key whether numbers first come in their order. */
  private static final class Arrivals implements Transport {
    final Set<Integer> replayed = ConcurrentHashMap.newKeySet();
    final List<String> outOfOrder = new ArrayList<>();
    final Map<Integer, Long> liveAtNanos = new ConcurrentHashMap<>();
    private final Map<String, Integer> last = new HashMap<>();

    @Override
    public Sink connect(Destination destination, SinkListener listener) {
      listener.connected();
      return new Sink() {
        @Override
        public void send(List<Message> messages) {
          for (Message message : messages) {
            arrived(new String(message.body(), StandardCharsets.UTF_8));
            listener.answered(List.of(new Answer.Acked(message.id(), message.stamp())));
          }
        }

        @Override
        public void close(String reason) {}
      };
    }

    private synchronized void arrived(String body) {
      Matcher matcher = BODY.matcher(body);
      if (!matcher.find()) {
        throw new IllegalStateException(body);
      }
      boolean again = body.contains("\"headers\":{\"outbox_replay_of\":");
      int number = Integer.parseInt(matcher.group(2));
      boolean first =
          again ? replayed.add(number) : liveAtNanos.putIfAbsent(number, System.nanoTime()) == null;
      if (!first) {
        return;
      }
      if (last.merge(again + matcher.group(1), number, Math::max) > number) {
        outOfOrder.add(body);
      }
    }

    @Override
    public void close() {}
  }

  private void keep(int messages) throws Exception {
    db.execute(
        "insert into outbox.parked (id, xid, created_at, destination, source, op, key, new_row,"
            + " state, delivered_at) select nextval('outbox.pending_id_seq'), pg_current_xact_id(),"
            + " clock_timestamp(), outbox_internal.destination_number('out'), 0, 'm',"
            + " (i % 100)::text, to_json(i), 'delivered', now() from generate_series(1, "
            + messages
            + ") i",
        "analyze outbox.parked");
  }

  /** Publishes until it is told to stop; of each when, by number. */
  private Map<Integer, Long> publish(AtomicBoolean stop) throws Exception {
    Map<Integer, Long> published = new HashMap<>();
    try (Connection c = db.connect();
        Statement s = c.createStatement()) {
      for (int number = 1; !stop.get(); number++) {
        published.put(number, System.nanoTime());
        s.execute("select outbox.publish('out', '" + number + "', '" + number % 10 + "')");
        s.execute("select pg_sleep(0.002)");
      }
    }
    return published;
  }

  private void replayed(int messages, int rate) throws Exception {
    keep(messages);
    Object kept = db.query("select clock_timestamp()").get(0);
    AtomicBoolean stop = new AtomicBoolean();
    Map<Integer, Long> published = new HashMap<>();
    AtomicBoolean failed = new AtomicBoolean();
    Thread live =
        new Thread(
            () -> {
              try {
                published.putAll(publish(stop));
              } catch (Exception e) {
                failed.set(true);
              }
            });
    live.start();
    long begunNanos = System.nanoTime();
    db.execute("call outbox.replay('out', until => '" + kept + "', rate => " + rate + ")");
    long tookNanos = System.nanoTime() - begunNanos;
    stop.set(true);
    live.join();
    assertEquals(false, failed.get());
    // A machine that is slower than the rate has some left.
    Await.until(
        () -> "all; " + left(messages, published.size()),
        Duration.ofMinutes(5),
        () ->
            arrivals.replayed.size() == messages
                && arrivals.liveAtNanos.size() == published.size());
    assertEquals(List.of(), arrivals.outOfOrder);
    long leastNanos = Duration.ofSeconds(1).toNanos() / rate * messages;
    assertTrue(tookNanos >= leastNanos, tookNanos + " ns, need " + leastNanos);
    assertEquals(
        List.of(messages + " true"),
        db.query("select messages || ' ' || (ended_at is not null) from outbox.replay_progress"));
    tell(published, tookNanos);
  }

  private String left(int messages, int published) {
    String owed;
    try {
      owed = db.query("select row_to_json(s)::text from outbox.status s").toString();
    } catch (SQLException e) {
      owed = e.getMessage();
    }
    return String.format(
        "replayed %d of %d, live %d of %d, owed: %s",
        arrivals.replayed.size(), messages, arrivals.liveAtNanos.size(), published, owed);
  }

  private void tell(Map<Integer, Long> published, long tookNanos) {
    long[] waits =
        published.entrySet().stream()
            .mapToLong(p -> arrivals.liveAtNanos.get(p.getKey()) - p.getValue())
            .sorted()
            .toArray();
    System.out.println(
        "replay: "
            + tookNanos / 1_000_000
            + " ms; live messages: "
            + waits.length
            + ", from the write to the receiver in the middle "
            + waits[waits.length / 2] / 1000
            + " µs, p99 "
            + waits[(int) (waits.length * 0.99)] / 1000
            + " µs, most "
            + Arrays.stream(waits).max().orElse(0) / 1000
            + " µs");
  }

  @Test
  void kept_replayedBesideWhatIsWritten_comeInOrderAtTheirRate() throws Exception {
    replayed(3_000, 2_000);
  }

  @Test
  @Tag("full")
  void kept_manyReplayedBesideWhatIsWritten_comeInOrderAtTheirRate() throws Exception {
    replayed(200_000, 5_000);
  }
}
