// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
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
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Certificates for names that Java's own check refuses to look at: those with an underscore. */
final class PeerNameTest {

  private final TcpTransport transport =
      new TcpTransport(
          1, AddressPolicy.ANY, host -> new InetAddress[] {InetAddress.getLoopbackAddress()});
  private final RecordedSink heard = new RecordedSink();
  private final Certificates authority = new Certificates("our authority");

  @TempDir Path directory;
  private Path ca;

  @BeforeEach
  void writeAuthority() throws IOException {
    ca = Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
  }

  @AfterEach
  void close() {
    transport.close();
  }

  @ParameterizedTest
  @CsvSource({
    "my_host, my_host, TLSv1.3",
    "my_host, my_host, TLSv1.2",
    "My_Host., MY_host, TLSv1.3",
    "_svc.prod.example, _svc.prod.example, TLSv1.3",
    "my_host.prod.example, *.prod.example, TLSv1.3"
  })
  void nameWithAnUnderscore_thatTheCertificateBears_isConnected(
      String host, String certified, String version) throws Exception {
    try (ScriptedPeer peer = peer(authority, authority.forName(certified), version)) {
      Sink sink = connect("tls://" + host + ":" + peer.port(), Ack.LINE);
      heard.awaitConnected();
      sink.send(Messages.range(1, 3));
      heard.awaitAnswers(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "my_host, other_host",
    "my_host, *",
    "my_host, *.my_host",
    "my_host.example, *.example",
    "a.my_host.prod.example, *.prod.example",
    "my_host.prod.example, my*.prod.example"
  })
  void nameWithAnUnderscore_ofAnotherReceiver_isUnreachable(String host, String certified)
      throws Exception {
    for (Ack ack : Ack.values()) {
      try (ScriptedPeer peer = peer(authority, authority.forName(certified), "TLSv1.3")) {
        RecordedSink refused = new RecordedSink();
        transport
            .connect(destination("tls://" + host + ":" + peer.port(), ack), refused)
            .send(Messages.range(1, 3));
        String reason = refused.awaitClosed(Fault.UNREACHABLE);
        assertTrue(
            reason.endsWith("not for '" + host + "': its names are [" + certified + "]"), reason);
        assertFalse(refused.isConnected());
        assertEquals(List.of(), refused.answers());
      }
    }
  }

  /** Decoded, their labels end with a hyphen, are over long, or cannot be decoded at all. */
  @ParameterizedTest
  @CsvSource({
    "xn--c4--u6S.example, xn--c4--u6S.example",
    "XN--C4--u6s.example., xn--c4--u6s.EXAMPLE",
    "xn--oxh1Z.xn--c4--u6S.i-IxXdTJ., xn--oxh1Z.xn--c4--u6S.i-IxXdTJ",
    "xn--c4--u6s.prod.example, *.prod.example",
    "xn--99999999999.example, xn--99999999999.example",
    "xn--a.example, xn--a.example",
    "xn--bcher-kva.example, xn--bcher-kva.example",
    "xn--bcher-kva.example, XN--BCHER-KVA.example"
  })
  void nameWithAnEncodedLabel_thatTheCertificateBears_isConnected(String host, String certified)
      throws Exception {
    try (ScriptedPeer peer = peer(authority, authority.forName(certified), "TLSv1.3")) {
      connect("tls://" + host + ":" + peer.port(), Ack.LINE);
      heard.awaitConnected();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "xn--c4--u6S.example, xn--c4--u6T.example",
    "xn--c4--u6S.example, example",
    "xn--c4--u6S.example, *.example",
    "xn--c4--u6s.prod.example, xn--*.prod.example"
  })
  void nameWithAnEncodedLabel_ofAnotherReceiver_isUnreachable(String host, String certified)
      throws Exception {
    try (ScriptedPeer peer = peer(authority, authority.forName(certified), "TLSv1.3")) {
      connect("tls://" + host + ":" + peer.port(), Ack.LINE);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("the receiver's certificate is not for '" + host + "'"), reason);
    }
  }

  @Test
  void nameWithAnUnderscore_signedByNobodyWeKnow_isUnreachable() throws Exception {
    Certificates stranger = new Certificates("a stranger");
    try (ScriptedPeer peer = peer(stranger, stranger.forName("my_host"), "TLSv1.3")) {
      connect("tls://my_host:" + peer.port(), Ack.LINE);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("not signed by a CA that the relay trusts"), reason);
    }
  }

  @Test
  void nameWithAnUnderscore_andAnotherServerName_isHeldAgainstThatOne() throws Exception {
    try (ScriptedPeer peer = peer(authority, authority.forName("queue.example"), "TLSv1.3")) {
      transport.connect(
          Destinations.at(
              "tls://my_host:" + peer.port(),
              Framing.NDJSON,
              Ack.LINE,
              "{\"tls_ca\":\"" + ca + "\",\"tls_server_name\":\"queue.example\"}"),
          heard);
      heard.awaitConnected();
    }
  }

  private Sink connect(String uri, Ack ack) {
    return transport.connect(destination(uri, ack), heard);
  }

  private Destination destination(String uri, Ack ack) {
    return Destinations.at(uri, Framing.NDJSON, ack, "{\"tls_ca\":\"" + ca + "\"}");
  }

  private static ScriptedPeer peer(Certificates authority, Identity identity, String version)
      throws IOException {
    SSLServerSocket socket =
        (SSLServerSocket)
            authority
                .server(identity)
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    socket.setEnabledProtocols(new String[] {version});
    return new ScriptedPeer(
        socket,
        it -> {
          it.lines(3);
          it.say("{\"ack_up_to\":\"3-0\"}\n");
          it.untilClosed();
        });
  }
}
