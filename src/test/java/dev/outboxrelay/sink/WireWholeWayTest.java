// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Lines;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every pair of framing and acknowledgement, and what a receiver does wrong, from the tables. */
class WireWholeWayTest {

  private static final int ROWS = 300;

  private static final String[] LIES = {
    "nonsense\n",
    "{\"ack\":\"999999999-hoe22fla2o\"}\n",
    "{\"ack_up_to\":\"9223372036854775807-0\"}\n",
    "{\"ack\":\"1-0\",\"ack\":\"2-0\"}\n",
    "{\"ack\":\"1-0\"}\n",
    "{\"ack\":\"1\"}\n",
    "{\"ack\":",
    "\u0000\u0001\u0002\n",
    "{\"nack\":\"88888888-0\",\"retry\":false}\n",
    "HTTP/1.1 200 OK\r\n\r\n",
  };

  @TempDir Path directory;

  @Test
  void hostileReceiver_changedForAnHonestOne_hasLostNothingAndHarmedNobody() throws Exception {
    Lines honest = new Lines();
    Lines neighbour = new Lines();
    Random random = new Random(5);
    try (TestDatabase db = TestDatabase.create();
        ScriptedPeer hostile =
            new ScriptedPeer(
                it -> {
                  if (random.nextBoolean()) {
                    it.line();
                  }
                  it.say(LIES[random.nextInt(LIES.length)]);
                  if (random.nextBoolean()) {
                    it.reset();
                  }
                });
        Receiver other = Receiver.start(ReceiverOptions.DEFAULTS, neighbour);
        Receiver later = Receiver.start(ReceiverOptions.DEFAULTS, honest)) {
      db.execute(
          "create table orders (id int primary key)",
          "insert into outbox.destination (name, uri, max_attempts, retry_initial, retry_max)"
              + " values ('hostile', 'tcp://127.0.0.1:%d', 1000, '5 ms', '20 ms'),"
                  .formatted(hostile.port())
              + " ('other', 'tcp://127.0.0.1:%d', 10, '5 ms', '20 ms')".formatted(other.port()),
          "select outbox.capture('orders', name) from outbox.destination");
      try (RunningRelay relay = RunningRelay.start(db)) {
        db.execute("insert into orders select i from generate_series(1, " + ROWS + ") i");
        Await.until("the neighbour has all", () -> neighbour.count() == ROWS);
        Await.until("the hostile one was tried often", () -> hostile.accepted() >= 6);
        assertEquals(ROWS, owed(db));
        assertTrue(
            db.count(
                    "select count(*) from outbox.status"
                        + " where destination = 'hostile' and last_error is not null")
                == 1);
        db.execute(
            "update outbox.destination set uri = 'tcp://127.0.0.1:%d' where name = 'hostile'"
                .formatted(later.port()));
        Await.until("nothing owed", () -> owed(db) == 0);
      }
    }
    Set<Integer> ids =
        honest.all().stream()
            .map(line -> line.at("/new/id").asInt())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(ROWS, ids.size());
    assertEquals(ROWS, honest.count());
  }

  private static long owed(TestDatabase db) throws Exception {
    return db.count("select count(*) from outbox.message where destination = 'hostile'");
  }

  @Test
  void tlsReceiverOfAnUnknownAuthority_isShownAndBurnsNoAttempt_untilTheOptionsAreMended()
      throws Exception {
    Certificates authority = new Certificates("our authority");
    Path ca = Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
    try (TestDatabase db = TestDatabase.create();
        ScriptedPeer peer =
            new ScriptedPeer(socket(authority), WireWholeWayTest::acknowledgeEach)) {
      db.execute(
          "create table orders (id int primary key)",
          "insert into outbox.destination (name, uri) values ('d', 'tls://localhost:%d')"
              .formatted(peer.port()),
          "select outbox.capture('orders', 'd')");
      try (RunningRelay relay = RunningRelay.start(db)) {
        db.execute("insert into orders values (1)");
        Await.until(
            "the error is shown",
            () ->
                db.count(
                        "select count(*) from outbox.status where down_since is not null and"
                            + " last_error like '%not signed by a CA that the relay trusts'")
                    == 1);
        assertEquals(
            "pending 0", db.query("select state || ' ' || attempts from outbox.message").get(0));
        db.execute(
            "update outbox.destination set options = jsonb_build_object('tls_ca', '" + ca + "')");
        Await.until("delivered", () -> db.count("select count(*) from outbox.message") == 0);
        Await.until(
            "it is up again",
            () -> db.count("select count(*) from outbox.status where down_since is null") == 1);
      }
    }
  }

  @ParameterizedTest(name = "framing {0}, ack {1}")
  @MethodSource("pairs")
  void everyPair_bringsEveryRowOnce_inTheOrderOfItsKey(Framing framing, Ack ack) throws Exception {
    Lines lines = new Lines();
    ReceiverOptions options = ReceiverOptions.DEFAULTS.withAck(ack).withFraming(framing);
    try (TestDatabase db = TestDatabase.create();
        Receiver receiver = Receiver.start(options, lines)) {
      db.execute(
          "create table orders (id int primary key, version int, text text)",
          "insert into outbox.destination (name, uri, framing, ack)"
              + " values ('d', 'tcp://127.0.0.1:%d', '%s', '%s')"
                  .formatted(receiver.port(), lower(framing), lower(ack)),
          "select outbox.capture('orders', 'd')");
      try (RunningRelay relay = RunningRelay.start(db)) {
        // The large row comes in many pieces, so that a length is not found in one read.
        db.execute(
            "insert into orders select i, 1, repeat('x', case i when 7 then 300000 else i end)"
                + " from generate_series(1, 40) i",
            "update orders set version = 2");
        Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
        Await.until("all have arrived", () -> lines.count() >= 80);
      }
    }
    Map<Integer, List<Integer>> versions = new TreeMap<>();
    for (JsonNode line : lines.all()) {
      versions
          .computeIfAbsent(line.at("/new/id").asInt(), id -> new ArrayList<>())
          .add(line.at("/new/version").asInt());
    }
    assertEquals(40, versions.size());
    boolean ordered = framing != Framing.RAW || ack != Ack.NONE;
    versions.forEach(
        (id, seen) ->
            assertEquals(
                List.of(1, 2),
                ordered ? seen : seen.stream().sorted().toList(),
                () -> "row " + id));
  }

  static Stream<Arguments> pairs() {
    List<Arguments> pairs = new ArrayList<>();
    for (Framing framing : Framing.values()) {
      for (Ack ack : Ack.values()) {
        if (framing != Framing.RAW || ack != Ack.LINE) {
          pairs.add(Arguments.of(framing, ack));
        }
      }
    }
    return pairs.stream();
  }

  /** To a server that takes each connection for a message, an empty one is a phantom. */
  @ParameterizedTest(name = "framing {0}, ack {1}")
  @CsvSource({"RAW, CLOSE", "RAW, NONE", "NDJSON, CLOSE"})
  void receiver_thatWasAway_seesNoEmptyConnection(Framing framing, Ack ack) throws Exception {
    int port = Ports.free();
    BlockingQueue<String> arrived = new LinkedBlockingQueue<>();
    try (TestDatabase db = TestDatabase.create()) {
      db.execute(
          "create table orders (id int primary key)",
          "insert into outbox.destination (name, uri, framing, ack)"
              + " values ('d', 'tcp://127.0.0.1:%d', '%s', '%s')"
                  .formatted(port, lower(framing), lower(ack)),
          "select outbox.capture('orders', 'd')");
      try (RunningRelay relay = RunningRelay.start(db)) {
        db.execute("insert into orders select generate_series(1, 5)");
        Await.until(
            "it is down",
            () -> db.count("select count(*) from outbox.status where down_since is not null") == 1);
        try (ScriptedPeer peer =
            new ScriptedPeer(
                new ServerSocket(port, 50, InetAddress.getLoopbackAddress()),
                it -> arrived.add(new String(it.in().readAllBytes(), StandardCharsets.UTF_8)))) {
          Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
          db.execute("insert into orders select generate_series(6, 8)");
          Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
          relay.close();
          Await.until("all were read", () -> arrived.size() == peer.accepted());
        }
      }
    }
    assertFalse(arrived.contains(""), arrived::toString);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static SSLServerSocket socket(Certificates authority) throws IOException {
    return (SSLServerSocket)
        authority
            .server(authority.forLocalhost())
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private static void acknowledgeEach(ScriptedPeer.Conversation it) throws IOException {
    for (String line = it.line(); line != null; line = it.line()) {
      it.say("{\"ack\":\"" + line.substring(7, line.indexOf('"', 7)) + "\"}\n");
    }
  }
}
