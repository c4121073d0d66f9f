// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Certificates.Identity;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsTest {

  private final TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY);
  private final RecordedSink heard = new RecordedSink();
  private final Certificates authority = new Certificates("our authority");

  @TempDir Path directory;
  private Path ca;

  /**
   * The first key that is read loads so much of Java that it takes longer, on a busy machine, than
   * a connection may.
   */
  @BeforeAll
  static void readAKey(@TempDir Path folder) throws IOException {
    Identity any = new Certificates("any").forName("any");
    new TlsContexts()
        .of(
            new TlsOptions(
                null,
                Certificates.writeCertificate(any.certificate(), folder.resolve("any.pem")),
                Certificates.writeKey(any.key(), folder.resolve("any.key")),
                null));
  }

  @BeforeEach
  void writeAuthority() throws IOException {
    ca = Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
  }

  @AfterEach
  void close() {
    transport.close();
  }

  @Test
  void trustedReceiver_isConnectedAndAnswers() throws Exception {
    try (ScriptedPeer peer = peer(authority.forLocalhost(), TlsTest::acknowledgeThree)) {
      Sink sink = connect(peer, options("tls_ca", ca));
      heard.awaitConnected();
      sink.send(Messages.range(1, 3));
      heard.awaitAnswers(3);
    }
  }

  @Test
  void trustedReceiver_byAddress_isConnected() throws Exception {
    try (ScriptedPeer peer = peer(authority.forLocalhost(), TlsTest::acknowledgeThree)) {
      transport.connect(
          Destinations.at(
              "tls://127.0.0.1:" + peer.port(), Framing.NDJSON, Ack.LINE, options("tls_ca", ca)),
          heard);
      heard.awaitConnected();
    }
  }

  @Test
  void ackClose_overTls_isTheReceiversOrderlyClose() throws Exception {
    try (ScriptedPeer peer =
        peer(authority.forLocalhost(), ScriptedPeer.Conversation::untilClosed)) {
      Sink sink =
          transport.connect(
              Destinations.at(
                  "tls://localhost:" + peer.port(),
                  Framing.NDJSON,
                  Ack.CLOSE,
                  options("tls_ca", ca)),
              heard);
      sink.send(Messages.range(1, 3));
      heard.awaitAnswers(3);
      sink.send(Messages.range(4, 4));
      heard.awaitAnswers(4);
      assertEquals(2, peer.accepted());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void ackClose_cutWithoutClosingTls_acknowledgesNothing(String version) throws Exception {
    try (ScriptedPeer peer = cutting(version, it -> it.lines(3))) {
      transport.connect(destination(peer, Ack.CLOSE), heard).send(Messages.range(1, 3));
      assertEquals(
          "the receiver cut the connection without closing TLS", heard.awaitClosed(Fault.LOST));
      assertEquals(List.of(), heard.answers());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void ackLine_cutWithoutClosingTls_leavesTheRestUnanswered(String version) throws Exception {
    try (ScriptedPeer peer =
        cutting(
            version,
            it -> {
              it.lines(3);
              it.say("{\"ack\":\"1-0\"}\n{\"ack\":\"2-0\"");
            })) {
      transport.connect(destination(peer, Ack.LINE), heard).send(Messages.range(1, 3));
      assertEquals(
          "the receiver closed the connection in the middle of an answer, unanswered: 2",
          heard.awaitClosed(Fault.LOST));
      assertEquals(List.of(new Answer.Acked(1, 0)), heard.answers());
    }
  }

  /** A receiver that has read everything, and whose connection is cut before it has said so. */
  @Test
  void ackClose_readToTheEndAndCut_acknowledgesNothing() throws Exception {
    try (ScriptedPeer peer = cutting("TLSv1.3", ScriptedPeer.Conversation::untilClosed)) {
      transport.connect(destination(peer, Ack.CLOSE), heard).send(Messages.range(1, 3));
      assertEquals(
          "the receiver cut the connection without closing TLS", heard.awaitClosed(Fault.LOST));
      assertEquals(List.of(), heard.answers());
    }
  }

  /** Each batch shakes hands, which costs milliseconds; what waits for a timer would cost more. */
  @Test
  void ackClose_overTls_waitsForNoTimer() throws Exception {
    int batches = 50;
    long[] nanos = new long[batches];
    try (ScriptedPeer peer =
        peer(
            authority.forLocalhost(),
            it -> {
              it.socket().setTcpNoDelay(true);
              it.untilClosed();
            })) {
      Sink sink = transport.connect(destination(peer, Ack.CLOSE), heard);
      for (int each = 0; each < batches; each++) {
        long before = System.nanoTime();
        sink.send(Messages.range(each + 1, each + 1));
        heard.awaitAnswers(each + 1);
        nanos[each] = System.nanoTime() - before;
      }
    }
    Arrays.sort(nanos);
    long medianMillis = nanos[batches / 2] / 1_000_000;
    assertTrue(medianMillis < 150, () -> "the median batch took " + medianMillis + " ms");
  }

  @Test
  void receiverOfAnUnknownAuthority_isUnreachable() throws Exception {
    Certificates stranger = new Certificates("a stranger");
    try (ScriptedPeer peer = peer(stranger.forLocalhost(), TlsTest::acknowledgeThree)) {
      connect(peer, options("tls_ca", ca));
      assertUnreachable("is not signed by a CA that the relay trusts");
    }
  }

  @Test
  void receiver_withTheSystemsAuthoritiesOnly_isUnreachable() throws Exception {
    try (ScriptedPeer peer = peer(authority.forLocalhost(), TlsTest::acknowledgeThree)) {
      connect(peer, "{}");
      assertUnreachable("is not signed by a CA that the relay trusts");
    }
  }

  @Test
  void receiverOfAnotherName_isUnreachable() throws Exception {
    try (ScriptedPeer peer = peer(authority.forName("other.example"), TlsTest::acknowledgeThree)) {
      connect(peer, options("tls_ca", ca));
      assertUnreachable("the receiver's certificate is not for 'localhost'");
    }
  }

  @Test
  void receiverOfAnotherName_thatIsExpected_isConnected() throws Exception {
    try (ScriptedPeer peer = peer(authority.forName("other.example"), TlsTest::acknowledgeThree)) {
      connect(peer, "{\"tls_ca\":\"" + ca + "\",\"tls_server_name\":\"other.example\"}");
      heard.awaitConnected();
    }
  }

  @Test
  void receiverWithAnExpiredCertificate_isUnreachable() throws Exception {
    try (ScriptedPeer peer = peer(authority.expired(), TlsTest::acknowledgeThree)) {
      connect(peer, options("tls_ca", ca));
      assertUnreachable("the receiver's certificate has expired");
    }
  }

  @Test
  void receiverThatSpeaksPlainText_isUnreachable() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.say("220 welcome, this is plain text\r\n");
              it.untilClosed();
            })) {
      connect(peer, options("tls_ca", ca));
      assertUnreachable("the receiver does not speak TLS");
    }
  }

  @Test
  void receiverThatNeverShakesHands_isUnreachable() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(ScriptedPeer.Conversation::untilClosed)) {
      transport.connect(
          Destinations.at(
              "tls://localhost:" + peer.port(), Duration.ofSeconds(2), options("tls_ca", ca)),
          heard);
      assertUnreachable("the TLS handshake took too long");
    }
  }

  @Test
  void receiverThatClosesInTheHandshake_isUnreachable() throws Exception {
    try (ScriptedPeer peer = new ScriptedPeer(it -> it.in().readNBytes(100))) {
      connect(peer, options("tls_ca", ca));
      assertUnreachable("the TLS handshake failed");
    }
  }

  @Test
  void plainText_toAReceiverThatSpeaksTls_isUnreachable() throws Exception {
    try (ScriptedPeer peer = peer(authority.forLocalhost(), TlsTest::acknowledgeThree)) {
      Sink sink = transport.connect(Destinations.at(peer.port()), heard);
      sink.send(Messages.range(1, 3));
      assertEquals(
          "the receiver speaks TLS: the destination's uri should begin with tls://",
          heard.awaitClosed(Fault.UNREACHABLE));
    }
  }

  /** With 'none' what the kernel took before the receiver's words has been counted. */
  @ParameterizedTest
  @CsvSource({"NDJSON,CLOSE", "RAW,CLOSE", "LENGTH,CLOSE", "NDJSON,NONE", "RAW,NONE"})
  void plainText_unanswered_toAReceiverThatSpeaksTls_isUnreachable(Framing framing, Ack ack)
      throws Exception {
    ScriptedPeer.Script alert =
        it -> {
          it.in().read();
          it.say(new byte[] {21});
          it.say(new byte[] {3, 3, 0, 2, 2, 10});
          it.socket().shutdownOutput();
          it.untilClosed();
        };
    for (ScriptedPeer peer :
        new ScriptedPeer[] {
          peer(authority.forLocalhost(), TlsTest::acknowledgeThree), new ScriptedPeer(alert)
        }) {
      try (peer) {
        RecordedSink each = new RecordedSink();
        transport
            .connect(Destinations.at("tcp://127.0.0.1:" + peer.port(), framing, ack, "{}"), each)
            .send(Messages.range(1, 3));
        assertEquals(
            "the receiver speaks TLS: the destination's uri should begin with tls://",
            each.awaitClosed(Fault.UNREACHABLE));
        if (ack == Ack.CLOSE) {
          assertEquals(List.of(), each.answers());
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"NDJSON,CLOSE", "RAW,CLOSE", "NDJSON,NONE", "RAW,NONE"})
  void receiverThatAsksForACertificate_withoutOne_isNeverTakenToHaveTheMessage(
      Framing framing, Ack ack) throws Exception {
    for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
      for (int round = 0; round < 5; round++) {
        RecordedSink each = new RecordedSink();
        try (ScriptedPeer peer =
            asking(authority.forLocalhost(), version, ScriptedPeer.Conversation::untilClosed)) {
          transport
              .connect(
                  Destinations.at(
                      "tls://localhost:" + peer.port(), framing, ack, options("tls_ca", ca)),
                  each)
              .send(Messages.range(1, 5));
          String reason = each.awaitClosed(Fault.UNREACHABLE);
          assertTrue(reason.contains("fatal alert"), reason);
          assertEquals(List.of(), each.answers());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Ack.class)
  void certificateOfAnotherName_isUnreachable_whateverAcknowledges(Ack ack) throws Exception {
    try (ScriptedPeer peer = peer(authority.forName("other.example"), TlsTest::acknowledgeThree)) {
      transport.connect(destination(peer, ack), heard).send(Messages.range(1, 3));
      assertUnreachable("the receiver's certificate is not for 'localhost'");
      assertEquals(List.of(), heard.answers());
    }
  }

  @ParameterizedTest
  @EnumSource(Ack.class)
  void receiverThatSpeaksPlainText_isUnreachable_whateverAcknowledges(Ack ack) throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.say("220 welcome, this is plain text\r\n");
              it.untilClosed();
            })) {
      transport.connect(destination(peer, ack), heard).send(Messages.range(1, 3));
      assertUnreachable("the receiver does not speak TLS");
      assertEquals(List.of(), heard.answers());
    }
  }

  @ParameterizedTest
  @CsvSource({"NDJSON", "RAW"})
  void ackNone_overTls_isDelivered(Framing framing) throws Exception {
    try (ScriptedPeer peer =
        asking(authority.forLocalhost(), "TLSv1.3", ScriptedPeer.Conversation::untilClosed)) {
      transport
          .connect(
              Destinations.at(
                  "tls://localhost:" + peer.port(),
                  framing,
                  Ack.NONE,
                  withOwnCertificate(authority.forName("relay"))),
              heard)
          .send(Messages.range(1, 3));
      heard.awaitAnswers(3);
    }
  }

  /** Neither its time nor its size tells then that a file was replaced. */
  private static void unnoticed(Path file) throws IOException {
    Files.writeString(file, "#".repeat(4096 - (int) Files.size(file)), StandardOpenOption.APPEND);
    Files.setLastModifiedTime(file, FileTime.fromMillis(86_400_000));
  }

  /** As certificates are renewed: the files are replaced, and nobody tells the relay. */
  @Test
  void ownCertificate_thatChanges_isReadAgain() throws Exception {
    Certificates stranger = new Certificates("a stranger");
    try (ScriptedPeer peer =
        asking(authority.forLocalhost(), "TLSv1.3", TlsTest::acknowledgeThree)) {
      String options = withOwnCertificate(stranger.forName("relay"));
      unnoticed(directory.resolve("own.pem"));
      unnoticed(directory.resolve("own.key"));
      connect(peer, options).send(Messages.range(1, 3));
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("fatal alert"), reason);
      assertEquals(options, withOwnCertificate(authority.forName("relay")));
      unnoticed(directory.resolve("own.pem"));
      unnoticed(directory.resolve("own.key"));
      RecordedSink again = new RecordedSink();
      transport.connect(destination(peer, options), again).send(Messages.range(1, 3));
      again.awaitAnswers(3);
    }
  }

  @Test
  void receiverThatAsksForACertificate_getsOurs() throws Exception {
    try (ScriptedPeer peer =
        asking(authority.forLocalhost(), "TLSv1.3", TlsTest::acknowledgeThree)) {
      connect(peer, withOwnCertificate(authority.forName("relay"))).send(Messages.range(1, 3));
      heard.awaitAnswers(3);
    }
  }

  @Test
  void receiverThatAsksForACertificate_withoutOne_burnsNoAttempt() throws Exception {
    for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
      RecordedSink each = new RecordedSink();
      try (ScriptedPeer peer =
          asking(authority.forLocalhost(), version, TlsTest::acknowledgeThree)) {
        transport
            .connect(destination(peer, options("tls_ca", ca)), each)
            .send(Messages.range(1, 3));
        String reason = each.awaitClosed(Fault.UNREACHABLE);
        assertTrue(reason.contains("fatal alert"), reason);
      }
    }
  }

  @Test
  void receiverThatDoesNotTrustOurCertificate_burnsNoAttempt() throws Exception {
    Certificates stranger = new Certificates("a stranger");
    try (ScriptedPeer peer =
        asking(authority.forLocalhost(), "TLSv1.3", TlsTest::acknowledgeThree)) {
      connect(peer, withOwnCertificate(stranger.forName("relay"))).send(Messages.range(1, 3));
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("fatal alert"), reason);
    }
  }

  @Test
  void receiverThatKnowsOnlyTls11_isUnreachable() throws Exception {
    // The JDK itself refuses 1.1, so the peer sends what such a server's alert looks like.
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.in().readNBytes(100);
              it.say(new byte[] {21, 3, 2, 0, 2, 2, 70});
              it.untilClosed();
            })) {
      connect(peer, options("tls_ca", ca));
      assertUnreachable("protocol_version");
    }
  }

  @Test
  void authorityFile_thatChanges_isReadAgain() throws Exception {
    Certificates renewed = new Certificates("renewed authority");
    try (ScriptedPeer peer = peer(renewed.forLocalhost(), TlsTest::acknowledgeThree)) {
      unnoticed(ca);
      connect(peer, options("tls_ca", ca));
      assertUnreachable("is not signed by a CA that the relay trusts");
      Certificates.writeCertificate(renewed.certificate(), ca);
      unnoticed(ca);
      RecordedSink again = new RecordedSink();
      transport.connect(destination(peer, options("tls_ca", ca)), again);
      again.awaitConnected();
    }
  }

  @Test
  void filesThatAreMissingOrWrong_areNamed() throws Exception {
    try (ScriptedPeer peer = peer(authority.forLocalhost(), TlsTest::acknowledgeThree)) {
      connect(peer, options("tls_ca", directory.resolve("none.pem")));
      assertUnreachable("tls_ca: cannot read " + directory.resolve("none.pem"));
      Path empty = Files.writeString(directory.resolve("empty.pem"), "nothing\n");
      RecordedSink second = new RecordedSink();
      transport.connect(destination(peer, options("tls_ca", empty)), second);
      String reason = second.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("holds no PEM certificate"), reason);
      RecordedSink third = new RecordedSink();
      transport.connect(
          destination(peer, "{\"tls_cert\":\"" + empty + "\",\"tls_key\":\"" + empty + "\"}"),
          third);
      String why = third.awaitClosed(Fault.UNREACHABLE);
      assertTrue(why.contains("PKCS #8"), why);
    }
  }

  /** More of them than there are threads for what may block. */
  @Test
  void fileThatIsNoFile_holdsUpNobody() throws Exception {
    Path pipe = directory.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start().waitFor());
    Path large = directory.resolve("large.pem");
    Files.write(large, new byte[PemFile.MAX_BYTES + 1]);
    try (ScriptedPeer peer = peer(authority.forLocalhost(), TlsTest::acknowledgeThree)) {
      for (int each = 0; each < 40; each++) {
        RecordedSink stuck = new RecordedSink();
        Path file = List.of(pipe, Path.of("/dev/zero"), directory, large).get(each % 4);
        transport.connect(destination(peer, options("tls_ca", file)), stuck);
        String reason = stuck.awaitClosed(Fault.UNREACHABLE);
        assertTrue(
            reason.endsWith(file == large ? "larger than 1 MB" : "is not a regular file"), reason);
      }
      connect(peer, options("tls_ca", ca)).send(Messages.range(1, 3));
      heard.awaitAnswers(3);
    }
  }

  private void assertUnreachable(String words) {
    String reason = heard.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains(words), reason);
    assertFalse(heard.isConnected());
  }

  private Sink connect(ScriptedPeer peer, String options) {
    return transport.connect(destination(peer, options), heard);
  }

  private static Destination destination(ScriptedPeer peer, String options) {
    return Destinations.at("tls://localhost:" + peer.port(), Framing.NDJSON, Ack.LINE, options);
  }

  private static String options(String key, Path file) {
    return "{\"" + key + "\":\"" + file + "\"}";
  }

  private String withOwnCertificate(Identity own) throws IOException {
    Path certificate =
        Certificates.writeCertificate(own.certificate(), directory.resolve("own.pem"));
    Path key = Certificates.writeKey(own.key(), directory.resolve("own.key"));
    return "{\"tls_ca\":\""
        + ca
        + "\",\"tls_cert\":\""
        + certificate
        + "\",\"tls_key\":\""
        + key
        + "\"}";
  }

  private ScriptedPeer peer(Identity identity, ScriptedPeer.Script script) throws IOException {
    return new ScriptedPeer(socket(identity), script);
  }

  private ScriptedPeer asking(Identity identity, String version, ScriptedPeer.Script script)
      throws IOException {
    SSLServerSocket socket = socket(identity);
    socket.setNeedClientAuth(true);
    socket.setEnabledProtocols(new String[] {version});
    return new ScriptedPeer(socket, script);
  }

  private SSLServerSocket socket(Identity identity) throws IOException {
    return (SSLServerSocket)
        authority
            .server(identity)
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  /** A peer whose connection ends with the network's end alone, as an attacker can make it end. */
  private ScriptedPeer cutting(String version, ScriptedPeer.Script script) throws IOException {
    SSLSocketFactory factory = authority.server(authority.forLocalhost()).getSocketFactory();
    return new ScriptedPeer(
        it -> {
          Socket plain = it.socket();
          SSLSocket tls = (SSLSocket) factory.createSocket(plain, "", 0, false);
          tls.setUseClientMode(false);
          tls.setEnabledProtocols(new String[] {version});
          script.play(new ScriptedPeer.Conversation(tls));
          plain.shutdownOutput();
          plain.getInputStream().transferTo(OutputStream.nullOutputStream());
        });
  }

  private Destination destination(ScriptedPeer peer, Ack ack) {
    return Destinations.at(
        "tls://localhost:" + peer.port(), Framing.NDJSON, ack, options("tls_ca", ca));
  }

  private static void acknowledgeThree(ScriptedPeer.Conversation it) throws IOException {
    it.lines(3);
    it.say("{\"ack_up_to\":\"3-0\"}\n");
    it.untilClosed();
  }
}
