// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.FaultySockets;
import dev.outboxrelay.testing.Lines;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An Error on each kind of thread that a relay has: something ends, is told, and begins anew. */
final class ErrorTest {
  private final Lines lines = new Lines();
  private final Queue<String> losses = new ConcurrentLinkedQueue<>();
  private final Queue<String> downs = new ConcurrentLinkedQueue<>();
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
    FaultySockets.disarm();
    receiver.close();
    db.close();
  }

  private RelayConfig config() {
    return RelayConfig.defaults(
        new DatabaseSettings(
            FaultySockets.url(db.url()),
            db.user(),
            db.password(),
            3,
            Duration.ofSeconds(5),
            Duration.ofSeconds(10)),
        "test");
  }

  /** Remembers, and throws once where it is told to. */
  private class Events implements RelayEvents {
    @Override
    public void databaseLost(String reason, long retryInMillis) {
      losses.add(reason);
    }

    @Override
    public void down(String destination, String reason, long probeInMillis) {
      downs.add(reason);
    }
  }

  private void publish() throws Exception {
    db.execute("select outbox.publish('out', '{}')");
  }

  private void awaitDelivered(int count) throws Exception {
    Await.until(count + " delivered", () -> lines.count() >= count);
    Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
  }

  /** Throws it, the first time. */
  private static void perhaps(AtomicReference<@Nullable Error> once) {
    Error error = once.getAndSet(null);
    if (error != null) {
      throw error;
    }
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.equals("relay") || name.startsWith("relay-"))
        .toList();
  }

  static Stream<Arguments> threadsAndProblems() {
    return Stream.of("relay-listener", "relay-locks", "relay-db")
        .flatMap(
            thread ->
                Stream.<Supplier<Throwable>>of(
                        () -> new NoClassDefFoundError("jdk/net/ExtendedSocketOptions"),
                        StackOverflowError::new,
                        () -> new AssertionError("ours"),
                        () -> new NullPointerException("ours"))
                    .map(problem -> Arguments.of(thread, problem)));
  }

  @ParameterizedTest
  @MethodSource("threadsAndProblems")
  void thread_ofASession_endsTheTermAndTheNextDelivers(String thread, Supplier<Throwable> problem)
      throws Exception {
    try (TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY)) {
      Relay relay = new Relay(config(), transport, new Events());
      relay.start();
      try {
        publish();
        awaitDelivered(1);
        FaultySockets.arm(thread, problem);
        publish();
        Await.until("thrown on " + thread, () -> !FaultySockets.isArmed());
        publish();
        awaitDelivered(3);
        Await.until("told", () -> !losses.isEmpty());
        String what = problem.get().getClass().getName();
        assertTrue(losses.peek().contains(what), losses.toString());
        for (String each : List.of("relay", "relay-core", "relay-listener", "relay-locks")) {
          assertEquals(1, threads().stream().filter(each::equals).count(), each);
        }
      } finally {
        relay.stop();
      }
    }
  }

  @Test
  void login_failingByAnError_isTriedAgain() throws Exception {
    try (TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY)) {
      // The driver logs in on a thread of its own.
      FaultySockets.arm("PostgreSQL JDBC", () -> new NoClassDefFoundError("ours"));
      Relay relay = new Relay(config(), transport, new Events());
      relay.start();
      try {
        publish();
        awaitDelivered(1);
        assertEquals(1, losses.size(), losses.toString());
      } finally {
        relay.stop();
      }
    }
  }

  @Test
  void core_error_endsTheTermAndTheNextDelivers() throws Exception {
    AtomicReference<@Nullable Error> once = new AtomicReference<>(new LinkageError("ours"));
    RelayEvents events =
        new Events() {
          @Override
          public void read(int messages) {
            perhaps(once);
          }
        };
    try (TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY)) {
      Relay relay = new Relay(config(), transport, events);
      relay.start();
      try {
        publish();
        awaitDelivered(1);
        assertTrue(losses.peek().contains("LinkageError"), losses.toString());
      } finally {
        relay.stop();
      }
    }
  }

  @Test
  void relaysOwnThread_error_goesOn() throws Exception {
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void databaseLost(String reason, long retryInMillis) {
            losses.add(reason);
            throw new StackOverflowError();
          }
        };
    try (TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY)) {
      Relay relay = new Relay(config(), transport, events);
      relay.start();
      try {
        publish();
        awaitDelivered(1);
        db.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
                + " where datname = current_database() and application_name = 'outbox-relay locks'");
        Await.until("lost", () -> !losses.isEmpty());
        publish();
        awaitDelivered(2);
      } finally {
        relay.stop();
      }
    }
  }

  /** Passes everything on to a real one; a test says where it throws. */
  private static class Passing implements Transport {
    private final Transport real;

    Passing(Transport real) {
      this.real = real;
    }

    void connecting() {}

    void sending(List<Message> messages) {}

    @Override
    public Sink connect(Destination destination, SinkListener listener) {
      connecting();
      Sink sink = real.connect(destination, listener);
      return new Sink() {
        @Override
        public void send(List<Message> messages) {
          sending(messages);
          sink.send(messages);
        }

        @Override
        public void close(String reason) {
          sink.close(reason);
        }
      };
    }

    @Override
    public void close() {
      real.close();
    }
  }

  /** What the relay fails at each time is one message, perhaps: it is found and set aside. */
  @Test
  void message_thatNoConnectionSurvives_isSetAsideAndItsNeighboursPass() throws Exception {
    db.execute(
        "update outbox.destination set retry_initial = '10 ms', retry_max = '10 ms', max_attempts = 2");
    try (TcpTransport real = new TcpTransport(1, AddressPolicy.ANY)) {
      Transport transport =
          new Passing(real) {
            @Override
            void sending(List<Message> messages) {
              if (messages.stream().anyMatch(m -> new String(m.body(), UTF_8).contains("poison"))) {
                throw new StackOverflowError("this one");
              }
            }
          };
      Relay relay = new Relay(config(), transport, new Events());
      relay.start();
      try {
        db.execute(
            "select outbox.publish('out', case n when 3 then '\"poison\"' else '{}' end::json)"
                + " from generate_series(1, 5) n");
        Await.until("set aside", () -> db.count("select failed from outbox.status") == 1);
        Await.until("the others", () -> db.count("select count(*) from outbox.message") == 1);
        assertTrue(
            db.query("select last_error from outbox.failed").get(0).contains("StackOverflowError"));
        assertEquals(List.of(), List.copyOf(losses));
      } finally {
        relay.stop();
      }
    }
  }

  @Test
  void transport_error_isThatDestinationsAlone() throws Exception {
    AtomicReference<@Nullable Error> connecting =
        new AtomicReference<>(new NoClassDefFoundError("connecting"));
    AtomicReference<@Nullable Error> sending =
        new AtomicReference<>(new StackOverflowError("sending"));
    try (TcpTransport real = new TcpTransport(1, AddressPolicy.ANY)) {
      Transport transport =
          new Passing(real) {
            @Override
            void connecting() {
              perhaps(connecting);
            }

            @Override
            void sending(List<Message> messages) {
              perhaps(sending);
            }
          };
      Relay relay = new Relay(config(), transport, new Events());
      relay.start();
      try {
        publish();
        awaitDelivered(1);
        assertEquals(2, downs.size(), downs.toString());
        assertTrue(downs.poll().contains("NoClassDefFoundError: connecting"));
        assertTrue(downs.poll().contains("StackOverflowError: sending"));
        Await.until("up", () -> db.query("select down_since from outbox.status").get(0) == null);
        assertEquals(List.of(), List.copyOf(losses));
      } finally {
        relay.stop();
      }
    }
  }
}
