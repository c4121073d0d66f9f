package dev.outboxrelay.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Lines;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a receiver does wrong, seen from the tables. */
class WireWholeWayTest {

  private static final int ROWS = 300;

  private static final String[] LIES = {
    "nonsense\n",
    "{\"ack\":\"999999999\"}\n",
    "{\"ack_up_to\":\"9223372036854775807\"}\n",
    "{\"ack\":\"1\",\"ack\":\"2\"}\n",
    "{\"ack\":",
    "\u0000\u0001\u0002\n",
    "{\"nack\":\"88888888\",\"retry\":false}\n",
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
      }
    }
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
