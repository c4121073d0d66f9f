// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.Relay;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.all.Transports;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole way from the table to a web server that fails in many ways. */
final class HttpDeliveryTest {
  private static final Pattern MESSAGE =
      Pattern.compile("\"id\":\"([^\"]+)\".*\"key\":\"([^\"]+)\".*\"new\":(\\d+)");

  private TestDatabase db;
  private Transport transport;
  private Relay relay;

  /** By key, the numbers as they were first taken. */
  private final Map<String, List<Integer>> taken = new HashMap<>();

  private final TreeSet<String> ids = new TreeSet<>();

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    transport = Transports.open(1, AddressPolicy.ANY, Secrets.NONE);
    relay = new Relay(RunningRelay.config(db, "test"), transport, RelayEvents.NONE);
  }

  @AfterEach
  void tearDown() throws Exception {
    relay.stop();
    transport.close();
    db.close();
  }

  private void destination(String uri, String options) throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri, max_attempts, retry_initial, retry_max,"
            + " ack_timeout, options) values ('web', '"
            + uri
            + "', 1000, '2 ms', '20 ms', '1 s', '"
            + options
            + "')");
  }

  /** As an idempotent receiver does: what comes again is passed over. */
  private synchronized void take(String body) {
    for (String each : body.split("(?<=\\}),(?=\\{)")) {
      Matcher message = MESSAGE.matcher(each);
      assertTrue(message.find(), each);
      if (ids.add(message.group(1))) {
        taken
            .computeIfAbsent(message.group(2), key -> new ArrayList<>())
            .add(Integer.valueOf(message.group(3)));
      }
    }
  }

  private synchronized Map<String, List<Integer>> seen() {
    return new LinkedHashMap<>(taken);
  }

  private void publish(int keys, int each) throws Exception {
    db.execute(
        "select outbox.publish('web', to_json(n), key => 'k' || k) from generate_series(1, "
            + each
            + ") n, generate_series(1, "
            + keys
            + ") k order by n");
  }

  private void awaitNothingOwed() throws Exception {
    Await.until("delivered", () -> db.count("select count(*) from outbox.message") == 0);
  }

  private void assertAllInOrder(int keys, int each) {
    Map<String, List<Integer>> seen = seen();
    assertEquals(keys, seen.size());
    seen.forEach(
        (key, numbers) -> {
          assertEquals(each, numbers.size(), key + " lost");
          assertEquals(numbers.stream().sorted().toList(), numbers, key + " out of order");
        });
  }

  /** Before or after it has taken the message, it refuses, defers, stalls or closes. */
  private byte[] faulty(Random random, WebServer.Request request) throws Exception {
    int drawn;
    synchronized (random) {
      drawn = random.nextInt(40);
    }
    if (drawn < 2) {
      return WebServer.status(500);
    }
    if (drawn == 2) {
      return WebServer.status(429, "Retry-After: 0");
    }
    if (drawn == 3) {
      return null;
    }
    take(request.text());
    return switch (drawn) {
      case 4 -> null;
      case 5 -> WebServer.status(503);
      case 6 -> WebServer.status(500);
      case 7 -> WebServer.status(200, "Connection: close");
      default -> WebServer.status(200);
    };
  }

  @Test
  void messages_underFaults_comeInOrderOfTheirKeysAndNoneIsLost() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (WebServer server = new WebServer(r -> faulty(random, r))) {
      destination(server.uri(), "{\"connections\":4}");
      publish(10, 15);
      relay.start();
      awaitNothingOwed();
      assertAllInOrder(10, 15);
      assertTrue(server.mostOpen() <= 12, "open " + server.mostOpen() + ", seed " + seed);
    }
  }

  @Test
  void batches_underFaults_comeInOrderOfTheirKeysAndNoneIsLost() throws Exception {
    Random random = new Random();
    try (WebServer server = new WebServer(r -> faulty(random, r))) {
      destination(server.uri(), "{\"connections\":2,\"batch\":5}");
      publish(10, 15);
      relay.start();
      awaitNothingOwed();
      assertAllInOrder(10, 15);
    }
  }

  @Test
  void server_thatIsDown_costsNoAttemptAndIsFoundAgain() throws Exception {
    int port = Ports.free();
    destination("http://127.0.0.1:" + port + "/hook", "{}");
    publish(3, 5);
    relay.start();
    Await.until(
        "down",
        () -> db.count("select count(*) from outbox.status where down_since is not null") == 1);
    assertEquals(15, db.count("select count(*) from outbox.message where attempts = 0"));
    try (WebServer server =
        new WebServer(
            new ServerSocket(port, 50, InetAddress.getLoopbackAddress()),
            r -> {
              take(r.text());
              return WebServer.status(200);
            })) {
      awaitNothingOwed();
      assertAllInOrder(3, 5);
    }
  }

  @Test
  void message_thatItsServerAlwaysRefuses_isSetAsideAndItsNeighboursGo() throws Exception {
    try (WebServer server =
        new WebServer(
            r -> {
              if (r.text().contains("\"new\":3")) {
                return WebServer.answer(422, "three is not a number");
              }
              take(r.text());
              return WebServer.status(200);
            })) {
      destination(server.uri(), "{}");
      db.execute("update outbox.destination set max_attempts = 2");
      publish(1, 5);
      relay.start();
      Await.until(
          "set aside",
          () ->
              db.query("select state || ' ' || attempts || ' ' || last_error from outbox.message")
                  .equals(List.of("failed 2 HTTP 422 Said: three is not a number")));
      Await.until("the others", () -> seen().getOrDefault("k1", List.of()).size() == 4);
      assertEquals(List.of(1, 2, 4, 5), seen().get("k1"));
    }
  }
}
