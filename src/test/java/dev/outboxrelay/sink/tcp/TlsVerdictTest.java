// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.testing.Certificates;
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
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Receivers of {@code ack} 'none' that judge the relay's certificate, at leisure, and never say
 * that they are content: these give out no session tickets.
 */
final class TlsVerdictTest {

  /** With a life longer than TLS 1.3 allows for tickets, the JDK gives out none. */
  private static final int LONGER_THAN_TICKETS_LIVE_SECONDS = 8 * 24 * 3600;

  /** Longer than the tests wait: whoever waits for its end fails them. */
  private static final Duration LONG = Duration.ofMinutes(2);

  private final TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY);
  private final RecordedSink heard = new RecordedSink();
  private final Certificates authority = new Certificates("our authority");

  @TempDir Path directory;
  private String options;

  @BeforeEach
  void writeFiles() throws IOException {
    Certificates.Identity own = authority.forName("relay");
    Path ca = Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
    Path certificate =
        Certificates.writeCertificate(own.certificate(), directory.resolve("own.pem"));
    Path key = Certificates.writeKey(own.key(), directory.resolve("own.key"));
    options =
        "{\"tls_ca\":\"%s\",\"tls_cert\":\"%s\",\"tls_key\":\"%s\"}"
            .formatted(ca, certificate, key);
  }

  @AfterEach
  void close() {
    transport.close();
  }

  @Test
  void receiverThatRefusesAfterLongThought_isNeverTakenToHaveTheMessage() throws Exception {
    try (ScriptedPeer peer =
        peer(
            true,
            () -> {
              // As long as a receiver may be busy with other things.
              assertFalse(heard.isConnectedWithin(Duration.ofMillis(1500)));
              throw new CertificateException("no");
            })) {
      connect(peer, LONG);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("fatal alert"), reason);
      assertFalse(heard.isConnected());
      assertEquals(List.of(), heard.answers());
    }
  }

  @Test
  void receiverThatSaysNothing_isSentToAfterTheConnectTimeout() throws Exception {
    try (ScriptedPeer peer = peer(true, () -> {})) {
      connect(peer, Duration.ofSeconds(1));
      heard.awaitAnswers(3);
    }
  }

  @Test
  void receiverThatAsksForNoCertificate_isSentToAtOnce() throws Exception {
    try (ScriptedPeer peer = peer(false, () -> {})) {
      connect(peer, LONG);
      heard.awaitAnswers(3);
    }
  }

  private void connect(ScriptedPeer peer, Duration timeout) {
    Destination destination =
        Destinations.at(
            "tls://localhost:" + peer.port(), Framing.NDJSON, Ack.NONE, timeout, options);
    transport.connect(destination, heard).send(Messages.range(1, 3));
  }

  private interface Judge {
    void judge() throws CertificateException;
  }

  private ScriptedPeer peer(boolean asking, Judge judge) throws IOException {
    SSLContext context = Certificates.server(authority.forLocalhost(), new Judging(judge));
    context.getServerSessionContext().setSessionTimeout(LONGER_THAN_TICKETS_LIVE_SECONDS);
    SSLServerSocket socket =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    socket.setNeedClientAuth(asking);
    socket.setEnabledProtocols(new String[] {"TLSv1.3"});
    return new ScriptedPeer(socket, ScriptedPeer.Conversation::untilClosed);
  }

  private record Judging(Judge judge) implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      judge.judge();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
      throw new AssertionError("a server has no server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
