// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.AllowedDestinations;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AddressesTest {
  private static final Duration SOON = Duration.ofMillis(700);

  private final RecordedSink heard = new RecordedSink();

  @Test
  void name_isResolvedAgainOnEachConnect() throws Exception {
    AtomicInteger lookups = new AtomicInteger();
    try (ScriptedPeer first = new ScriptedPeer(address("127.0.0.1"), it -> it.line());
        TcpTransport transport =
            transport(
                host -> {
                  int lookup = lookups.incrementAndGet();
                  return new InetAddress[] {address(lookup == 1 ? "127.0.0.1" : "127.0.0.2")};
                })) {
      transport.connect(to("queue.example", first.port()), heard);
      heard.awaitConnected();
      RecordedSink moved = new RecordedSink();
      transport.connect(to("queue.example", first.port()), moved);
      moved.awaitClosed(Fault.UNREACHABLE);
      assertEquals(2, lookups.get());
    }
  }

  @Test
  void severalAddresses_areTriedInTurn() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(address("127.0.0.3"), it -> it.untilClosed());
        TcpTransport transport =
            transport(
                host ->
                    new InetAddress[] {
                      address("127.0.0.1"), address("127.0.0.2"), address("127.0.0.3")
                    })) {
      transport.connect(to("queue.example", peer.port()), heard);
      heard.awaitConnected();
    }
  }

  @Test
  void severalAddresses_thatAllFail_areAllNamed() throws Exception {
    int port = Ports.free();
    try (TcpTransport transport =
        transport(host -> new InetAddress[] {address("127.0.0.1"), address("127.0.0.2")})) {
      transport.connect(to("queue.example", port), heard);
      assertEquals(
          "tcp://queue.example:"
              + port
              + ": 127.0.0.1: Connection refused; 127.0.0.2: Connection refused",
          heard.awaitClosed(Fault.UNREACHABLE));
    }
  }

  @Test
  void nameThatIsNotAnswered_isUnreachableAfterTheConnectTimeout() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (TcpTransport transport =
        transport(
            host -> {
              try {
                end.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return new InetAddress[] {address("127.0.0.1")};
            })) {
      transport.connect(Destinations.at("tcp://queue.example:80", SOON, "{}"), heard);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.endsWith("within 700 ms"), reason);
    } finally {
      end.countDown();
    }
  }

  @Test
  void errorWhileResolving_isShown() throws Exception {
    try (TcpTransport transport =
        transport(
            host -> {
              throw new OutOfMemoryError("a test");
            })) {
      transport.connect(to("queue.example", 80), heard);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("OutOfMemoryError: a test"), reason);
    }
  }

  @Test
  void connections_areProbedByKeepAlive() throws Exception {
    List<Path> tables =
        Stream.of("/proc/net/tcp", "/proc/net/tcp6").map(Path::of).filter(Files::exists).toList();
    assumeTrue(!tables.isEmpty(), "this system does not show its sockets");
    try (ScriptedPeer peer = new ScriptedPeer(it -> it.untilClosed());
        TcpTransport transport = transport(InetAddress::getAllByName)) {
      transport.connect(Destinations.at(peer.port()), heard);
      heard.awaitConnected();
      // Remote address, state, queues, and the timer: 02 is keepalive, due in hundredths.
      Pattern timer = Pattern.compile(":%04X 01 \\S+ 02:(\\p{XDigit}+)".formatted(peer.port()));
      List<Long> due = new ArrayList<>();
      for (Path table : tables) {
        Matcher found = timer.matcher(Files.readString(table));
        while (found.find()) {
          due.add(Long.parseLong(found.group(1), 16));
        }
      }
      assertEquals(1, due.size(), due::toString);
      assertTrue(due.get(0) > 1_000 && due.get(0) <= 6_100, due::toString);
    }
  }

  @Test
  void ipv6Address_inBrackets_isConnected() throws Exception {
    ScriptedPeer six;
    try {
      six = new ScriptedPeer(address("::1"), it -> it.untilClosed());
    } catch (SocketException e) {
      assumeTrue(false, "no IPv6 here: " + e.getMessage());
      return;
    }
    try (six;
        TcpTransport transport = transport(InetAddress::getAllByName)) {
      transport.connect(to("[::1]", six.port()), heard);
      heard.awaitConnected();
    }
  }

  @Test
  void addressThatIsNotAllowed_isNeverConnected() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(it -> it.untilClosed());
        TcpTransport transport = new TcpTransport(1, AllowedDestinations.parse("10.0.0.0/8"))) {
      transport.connect(Destinations.at(peer.port()), heard);
      assertEquals(
          "tcp://127.0.0.1:"
              + peer.port()
              + ": the address is not among those that the relay may connect to",
          heard.awaitClosed(Fault.UNREACHABLE));
      assertEquals(0, peer.accepted());
    }
  }

  @Test
  void nameThatStandsForAnAddressThatIsNotAllowed_isRefusedWhateverItWasBefore() throws Exception {
    try (TcpTransport transport =
        new TcpTransport(
            1,
            AllowedDestinations.parse("192.0.2.0/24"),
            host -> new InetAddress[] {address("169.254.169.254")})) {
      transport.connect(to("rebound.example", 80), heard);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.endsWith("may connect to"), reason);
    }
  }

  /**
   * Who connects to a port that nobody listens at may be given this very port to connect from, and
   * then talks to itself. Linux goes through the even ones of its range one after the other.
   */
  @Test
  void destination_withoutListener_isNeverTheRelayItself() throws Exception {
    int port = evenPortOfThoseThatConnect();
    try (TcpTransport transport = transport(InetAddress::getAllByName)) {
      for (int attempt = 0; attempt < 60_000; attempt++) {
        RecordedSink each = new RecordedSink();
        transport.connect(Destinations.at(port), each);
        each.awaitConnectedOrEnd();
        assertFalse(each.isConnected(), "after " + attempt + " attempts");
        if (each.awaitClosed(Fault.UNREACHABLE).endsWith("nobody listens there")) {
          return;
        }
      }
    }
    assumeTrue(false, "this system did not connect a socket to itself");
  }

  private static int evenPortOfThoseThatConnect() throws IOException {
    while (true) {
      int near;
      try (ServerSocket some = new ServerSocket(0, 1, address("127.0.0.1"))) {
        near = some.getLocalPort();
      }
      try (ServerSocket even = new ServerSocket(near & ~1, 1, address("127.0.0.1"))) {
        return even.getLocalPort();
      } catch (BindException e) {
        // It is taken.
      }
    }
  }

  @Test
  void peerThatDoesNotAccept_timesOut() throws Exception {
    List<Socket> fillers = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1, address("127.0.0.1"));
        TcpTransport transport = transport(InetAddress::getAllByName)) {
      // A backlog of one that nobody accepts from is soon full; further connects get no answer.
      for (int each = 0; each < 4; each++) {
        Socket filler = new Socket();
        fillers.add(filler);
        try {
          filler.connect(full.getLocalSocketAddress(), 200);
        } catch (IOException e) {
          break;
        }
      }
      String uri = "tcp://127.0.0.1:" + full.getLocalPort();
      transport.connect(Destinations.at(uri, SOON, "{}"), heard);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.endsWith(": no answer within 700 ms"), reason);
    } finally {
      for (Socket filler : fillers) {
        filler.close();
      }
    }
  }

  @Test
  void idleConnection_isClosedWithoutFault_andAFreshOneServes() throws Exception {
    try (ScriptedPeer peer =
            new ScriptedPeer(
                it -> {
                  it.lines(1);
                  it.say("{\"ack\":\"1-0\"}\n");
                  it.untilClosed();
                });
        TcpTransport transport = transport(InetAddress::getAllByName)) {
      for (int each = 1; each <= 2; each++) {
        RecordedSink idle = new RecordedSink();
        Sink sink =
            transport.connect(
                Destinations.at(
                    "tcp://127.0.0.1:" + peer.port(),
                    Framing.NDJSON,
                    Ack.LINE,
                    "{\"idle_timeout_ms\":100}"),
                idle);
        sink.send(Messages.range(1, 1));
        idle.awaitAnswers(1);
        assertEquals("idle, closed until there is something to send", idle.awaitClosed(Fault.NONE));
        assertEquals(each, peer.accepted());
      }
    }
  }

  @Test
  void idleConnection_withAMessageUnanswered_staysOpen() throws Exception {
    try (ScriptedPeer peer =
            new ScriptedPeer(
                it -> {
                  it.lines(1);
                  it.socket().setSoTimeout(400);
                  try {
                    it.untilClosed();
                  } catch (SocketTimeoutException e) {
                    it.say("{\"ack\":\"1-0\"}\n");
                  }
                  it.socket().setSoTimeout(0);
                  it.untilClosed();
                });
        TcpTransport transport = transport(InetAddress::getAllByName)) {
      transport
          .connect(
              Destinations.at(
                  "tcp://127.0.0.1:" + peer.port(),
                  Framing.NDJSON,
                  Ack.LINE,
                  "{\"idle_timeout_ms\":50}"),
              heard)
          .send(Messages.range(1, 1));
      heard.awaitAnswers(1);
      heard.awaitClosed(Fault.NONE);
    }
  }

  @Test
  void optionsThatAreNonsense_areRefusedByName() {
    String[][] cases = {
      {"{\"tls_caa\":\"x\"}", "known are idle_timeout_ms"},
      {"{\"tls_ca\":7}", "option tls_ca is 7, need a string"},
      {"{\"idle_timeout_ms\":0}", "option idle_timeout_ms is 0"},
      {"{\"tls_cert\":\"x\"}", "tls_cert and tls_key together"},
      {"{\"tls_ca\":\"/a\"}", "options for TLS need a uri that begins with tls://"},
      {"[]", "not a JSON object"},
      {"{", "not JSON"},
    };
    try (TcpTransport transport = transport(InetAddress::getAllByName)) {
      for (String[] each : cases) {
        RecordedSink refused = new RecordedSink();
        transport.connect(
            Destinations.at("tcp://127.0.0.1:1", Framing.NDJSON, Ack.LINE, each[0]), refused);
        String reason = refused.awaitClosed(Fault.UNREACHABLE);
        assertTrue(reason.contains(each[1]), reason);
        assertFalse(refused.isConnected());
      }
    }
  }

  private static TcpTransport transport(Dialer.Resolver resolver) {
    return new TcpTransport(1, AddressPolicy.ANY, resolver);
  }

  private static Destination to(String host, int port) {
    return Destinations.at("tcp://" + host + ":" + port, Framing.NDJSON, Ack.LINE, "{}");
  }

  private static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (IOException e) {
      throw new AssertionError(text, e);
    }
  }
}
