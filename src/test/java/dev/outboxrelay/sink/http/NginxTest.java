// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.tcp.Sockets;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Program;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real web server, where nginx is installed. */
final class NginxTest {
  @TempDir Path directory;

  private final RecordedSink heard = new RecordedSink();
  private Sockets sockets;
  private HttpTransport transport;
  private Program nginx;
  private int plain;
  private int secure;
  private Path ca;

  @BeforeEach
  void setUp() throws Exception {
    assumeTrue(Program.exists("nginx"), "nginx is not installed: NginxTest is skipped");
    plain = Ports.free();
    secure = Ports.free();
    Certificates authority = new Certificates("CN=nginx");
    Certificates.Identity identity = authority.forLocalhost();
    ca = Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
    Certificates.writeCertificate(identity.certificate(), directory.resolve("cert.pem"));
    Certificates.writeKey(identity.key(), directory.resolve("key.pem"));
    Path configuration = directory.resolve("nginx.conf");
    Files.writeString(configuration, configuration());
    nginx =
        Program.start(
            List.of(
                Files.isExecutable(Path.of("/usr/sbin/nginx")) ? "/usr/sbin/nginx" : "nginx",
                "-c",
                configuration.toString(),
                "-e",
                "stderr"),
            Map.of());
    nginx.awaitPort(plain);
    sockets = new Sockets(1, AddressPolicy.ANY);
    transport = new HttpTransport(sockets, Secrets.NONE);
  }

  @AfterEach
  void tearDown() {
    if (sockets != null) {
      sockets.close();
      nginx.close();
    }
  }

  private String configuration() {
    return """
    daemon off; master_process off; pid DIR/pid; error_log stderr;
    events { worker_connections 64; }
    http {
      access_log off; client_body_temp_path DIR/body; proxy_temp_path DIR/proxy;
      fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
      client_max_body_size 1m; keepalive_requests 7;
      server {
        listen 127.0.0.1:PLAIN; listen 127.0.0.1:SECURE ssl;
        ssl_certificate DIR/cert.pem; ssl_certificate_key DIR/key.pem;
        location = /taken { return 204; }
        location = /gone { return 410 "moved to another planet"; }
        location = /away { return 302 http://127.0.0.1:1/; }
        location = /dead { proxy_pass http://127.0.0.1:1; }
      }
    }
    """
        .replace("DIR", directory.toString())
        .replace("PLAIN", Integer.toString(plain))
        .replace("SECURE", Integer.toString(secure));
  }

  private Sink connect(String uri, String options) {
    return transport.connect(Destinations.at(uri, Framing.NDJSON, Ack.LINE, options), heard);
  }

  private String answer(String path) {
    connect("http://127.0.0.1:" + plain + path, "{}").send(List.of(Messages.small(1)));
    heard.awaitAnswers(1);
    return heard.answers().get(0).toString();
  }

  @Test
  void messages_many_areTakenOverPlainAndSecureConnections() {
    connect("http://127.0.0.1:" + plain + "/taken", "{}").send(Messages.range(1, 300));
    heard.awaitAnswers(300);
    connect("https://localhost:" + secure + "/taken", "{\"tls_ca\":\"" + ca + "\"}")
        .send(Messages.range(301, 500));
    heard.awaitAnswers(500);
    assertTrue(heard.answers().stream().allMatch(answer -> answer instanceof Answer.Acked));
  }

  @Test
  void certificate_thatNobodyTrusts_isRefused() {
    connect("https://localhost:" + secure + "/taken", "{}");
    String reason = heard.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("not signed by a CA"), reason);
  }

  @Test
  void destination_thatIsGone_isToBePaused() {
    assertTrue(answer("/gone").contains("HTTP 410 Gone: moved to another planet"));
    assertTrue(heard.answers().get(0) instanceof Answer.Paused);
  }

  @Test
  void redirect_isARefusal() {
    assertTrue(answer("/away").contains("redirects are not followed: http://127.0.0.1:1/"));
    assertTrue(heard.answers().get(0) instanceof Answer.Nacked);
  }

  @Test
  void applicationBehindIt_thatIsDown_defersTheMessage() {
    assertTrue(answer("/dead").contains("HTTP 502 Bad Gateway"));
    assertTrue(heard.answers().get(0) instanceof Answer.Deferred);
  }

  @Test
  void message_overItsSizeLimit_isRefused() {
    connect("http://127.0.0.1:" + plain + "/taken", "{}")
        .send(List.of(Messages.of(1, "x".repeat(3 << 20)), Messages.small(2)));
    heard.awaitAnswers(2);
    assertEquals(
        List.of("HTTP 413"),
        heard.answers().stream()
            .filter(answer -> answer instanceof Answer.Nacked)
            .map(answer -> ((Answer.Nacked) answer).reason().substring(0, 8))
            .toList());
  }
}
