// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.standardwebhooks.Webhook;
import dev.outboxrelay.format.Formatters;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.AllowedDestinations;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.SecretsDir;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.http.WebServer.Request;
import dev.outboxrelay.sink.tcp.Sockets;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Brakes;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import dev.outboxrelay.values.Message;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages as HTTP requests, to a server that does what the test says. */
final class HttpTransportTest {
  private static final String KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final String NEXT_KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

  /** The first of RFC 8032's own examples. */
  private static final String SEED =
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

  private static final String PUBLIC =
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

  @TempDir Path directory;

  private Sockets sockets;
  private HttpTransport transport;
  private final RecordedSink heard = new RecordedSink();

  @BeforeEach
  void setUp() {
    sockets = new Sockets(1, AddressPolicy.ANY);
    transport = new HttpTransport(sockets, new SecretsDir(directory), Duration.ofMillis(50));
  }

  @AfterEach
  void tearDown() {
    sockets.close();
  }

  private static Destination at(String uri, String options) {
    return at(uri, Format.CHANGE, Duration.ofSeconds(20), options);
  }

  private static Destination at(String uri, Format format, Duration ackTimeout, String options) {
    return new Destination(
        1,
        "test",
        1,
        uri,
        format,
        Framing.NDJSON,
        Ack.LINE,
        Ordering.KEY,
        10,
        Duration.ofSeconds(1),
        Duration.ofMinutes(5),
        ackTimeout,
        Duration.ofSeconds(5),
        1000,
        OnFailure.SKIP,
        null,
        Brakes.NONE,
        false,
        options);
  }

  private Sink send(WebServer server, String options, Message... messages) {
    Sink sink = transport.connect(at(server.uri(), options), heard);
    sink.send(List.of(messages));
    return sink;
  }

  private void secret(String name, String content) throws Exception {
    Files.writeString(directory.resolve(name), content);
  }

  private static HttpHeaders webhookHeaders(Request request) {
    Map<String, List<String>> headers = new TreeMap<>();
    request.headers().forEach((name, value) -> headers.put(name, List.of(value)));
    return HttpHeaders.of(headers, (name, value) -> true);
  }

  // Delivered, and signed. ------------------------------------------------------------------------

  @Test
  void message_answeredWell_isDeliveredWithTheHeadersOfAWebhook() throws Exception {
    secret("hook", KEY + "\n");
    try (WebServer server = new WebServer(r -> WebServer.answer(200, "thanks"))) {
      send(
          server,
          "{\"signing_secret\":{\"secret\":\"hook\"},\"headers\":{\"X-Shop\":\"north\"}}",
          Messages.of(7, "{\"id\":\"7-0\",\"new\":{\"n\":\"ü\"}}"));
      heard.awaitAnswers(1);
      assertEquals(List.of(new Answer.Acked(7, 0)), heard.answers());
      Request request = server.requests().get(0);
      assertEquals("POST /hook HTTP/1.1", request.line());
      assertEquals("127.0.0.1:" + server.port(), request.header("host"));
      assertEquals("application/json", request.header("content-type"));
      assertEquals("7-0", request.header("webhook-id"));
      assertEquals("north", request.header("x-shop"));
      new Webhook(KEY).verify(request.text(), webhookHeaders(request));
    }
  }

  @Test
  void keys_whileTheyAreExchanged_signBothAndAnAsymmetricOneToo() throws Exception {
    String seed = Base64.getEncoder().encodeToString(HexFormat.of().parseHex(SEED));
    secret("both", KEY + "\n\n" + NEXT_KEY + "\n");
    secret("asymmetric", "whsk_" + seed);
    try (WebServer server = new WebServer(r -> WebServer.status(204))) {
      send(
          server,
          "{\"signing_secret\":[{\"secret\":\"both\"},{\"secret\":\"asymmetric\"}]}",
          Messages.small(1));
      heard.awaitAnswers(1);
      Request request = server.requests().get(0);
      new Webhook(KEY).verify(request.text(), webhookHeaders(request));
      new Webhook(NEXT_KEY).verify(request.text(), webhookHeaders(request));
      String[] signatures = request.header("webhook-signature").split(" ");
      assertEquals(3, signatures.length);
      assertTrue(signatures[2].startsWith("v1a,"), signatures[2]);
      Signature check = Signature.getInstance("Ed25519");
      check.initVerify(publicKey());
      check.update(
          (request.header("webhook-id") + "." + request.header("webhook-timestamp") + ".")
              .getBytes(StandardCharsets.UTF_8));
      check.update(request.body());
      assertTrue(check.verify(Base64.getDecoder().decode(signatures[2].substring(4))));
    }
  }

  private static PublicKey publicKey() throws Exception {
    byte[] bytes = HexFormat.of().parseHex(PUBLIC);
    byte[] bigEndian = new byte[32];
    for (int at = 0; at < 32; at++) {
      bigEndian[at] = bytes[31 - at];
    }
    boolean odd = (bigEndian[0] & 0x80) != 0;
    bigEndian[0] &= 0x7f;
    return KeyFactory.getInstance("Ed25519")
        .generatePublic(
            new EdECPublicKeySpec(
                NamedParameterSpec.ED25519, new EdECPoint(odd, new BigInteger(1, bigEndian))));
  }

  @Test
  void secret_thatIsChanged_signsSoonOnTheSameConnection() throws Exception {
    secret("hook", KEY);
    try (WebServer server = new WebServer(r -> WebServer.status(204))) {
      Sink sink = send(server, "{\"signing_secret\":{\"secret\":\"hook\"}}", Messages.small(1));
      heard.awaitAnswers(1);
      secret("hook", NEXT_KEY);
      AtomicInteger id = new AtomicInteger(1);
      Await.until(
          "the new key signs",
          () -> {
            int next = id.incrementAndGet();
            sink.send(List.of(Messages.small(next)));
            heard.awaitAnswers(next);
            Request last = server.requests().get(next - 1);
            try {
              new Webhook(NEXT_KEY).verify(last.text(), webhookHeaders(last));
              return true;
            } catch (com.standardwebhooks.exceptions.WebhookVerificationException e) {
              return false;
            }
          });
      assertEquals(1, server.accepted());
      Files.delete(directory.resolve("hook"));
      assertTrue(heard.awaitClosed(Fault.UNREACHABLE).contains("no secret 'hook'"));
    }
  }

  @Test
  void id_ofAMessage_isTheSameAtEveryTry() throws Exception {
    try (WebServer server = new WebServer(r -> WebServer.status(500))) {
      Sink sink = send(server, "{}", Messages.small(5));
      heard.awaitAnswers(1);
      sink.send(List.of(Messages.small(5)));
      heard.awaitAnswers(2);
      assertEquals(
          List.of("5-0", "5-0"),
          server.requests().stream().map(r -> r.header("webhook-id")).toList());
    }
  }

  // What an answer means. -------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({
    "200, Acked",
    "201, Acked",
    "202, Acked",
    "204, Acked",
    "299, Acked",
    "300, Nacked",
    "301, Nacked",
    "302, Nacked",
    "307, Nacked",
    "400, Nacked",
    "401, Nacked",
    "403, Nacked",
    "404, Nacked",
    "408, Nacked",
    "409, Nacked",
    "413, Nacked",
    "422, Nacked",
    "500, Nacked",
    "501, Nacked",
    "505, Nacked",
    "429, Deferred",
    "502, Deferred",
    "503, Deferred",
    "504, Deferred",
    "410, Paused"
  })
  void status_ofAnAnswer_meansWhatItSays(int status, String meaning) throws Exception {
    try (WebServer server = new WebServer(r -> WebServer.status(status))) {
      send(server, "{}", Messages.small(1));
      heard.awaitAnswers(1);
      assertEquals(meaning, heard.answers().get(0).getClass().getSimpleName());
    }
  }

  @Test
  void refusal_withABody_showsItsBeginning() throws Exception {
    String body = "no such\nshop \u0007" + "x".repeat(1_000_000);
    try (WebServer server = new WebServer(r -> WebServer.answer(422, body, "Retry-After: 7"))) {
      Sink sink = send(server, "{}", Messages.small(1));
      heard.awaitAnswers(1);
      Answer.Nacked refused = (Answer.Nacked) heard.answers().get(0);
      assertTrue(refused.retry());
      assertEquals(Duration.ofSeconds(7), refused.retryAfter());
      assertTrue(
          refused.reason().startsWith("HTTP 422 Said: no such shop \ufffdxxx"), refused.reason());
      assertTrue(refused.reason().length() < 250, "bounded");
      sink.send(List.of(Messages.small(2)));
      heard.awaitAnswers(2);
      assertEquals(2, server.accepted(), "what is not read is not waited for");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"120", "Wed, 21 Oct 2015 07:30:00 GMT"})
  void deferral_withItsTime_isPassedOn(String retryAfter) throws Exception {
    try (WebServer server =
        new WebServer(
            r ->
                WebServer.status(
                    503, "Retry-After: " + retryAfter, "Date: Wed, 21 Oct 2015 07:28:00 GMT"))) {
      send(server, "{}", Messages.small(1));
      heard.awaitAnswers(1);
      assertEquals(
          new Answer.Deferred(1, 0, "HTTP 503 Said", Duration.ofSeconds(120)),
          heard.answers().get(0));
    }
  }

  @Test
  void redirect_anywhere_isNotFollowed() throws Exception {
    try (WebServer inside = new WebServer(r -> WebServer.status(200));
        WebServer server = new WebServer(r -> WebServer.status(307, "Location: " + inside.uri()))) {
      send(server, "{}", Messages.small(1));
      heard.awaitAnswers(1);
      Answer.Nacked refused = (Answer.Nacked) heard.answers().get(0);
      assertTrue(refused.reason().contains("redirects are not followed"), refused.reason());
      assertEquals(0, inside.accepted());
    }
  }

  @Test
  void answer_thatIsNotHttp_endsTheSink() throws Exception {
    try (WebServer server = new WebServer(r -> "SSH-2.0-OpenSSH\r\n\r\n".getBytes("US-ASCII"))) {
      send(server, "{}", Messages.small(1));
      String reason = heard.awaitClosed(Fault.PROTOCOL);
      assertTrue(reason.contains("not HTTP"), reason);
    }
  }

  @Test
  void answer_afterAnInformationalOne_counts() throws Exception {
    String both =
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    try (WebServer server = new WebServer(r -> both.getBytes("US-ASCII"))) {
      send(server, "{}", Messages.small(1), Messages.small(2));
      heard.awaitAnswers(2);
      assertTrue(heard.answers().stream().allMatch(a -> a instanceof Answer.Acked));
    }
  }

  // Connections. ----------------------------------------------------------------------------------

  @Test
  void messages_many_goSideBySideOnAsManyConnectionsAsAllowed() throws Exception {
    CountDownLatch all = new CountDownLatch(3);
    try (WebServer server =
        new WebServer(
            r -> {
              all.countDown();
              assertTrue(all.await(10, TimeUnit.SECONDS));
              return WebServer.status(200);
            })) {
      Sink sink = transport.connect(at(server.uri(), "{\"connections\":3}"), heard);
      sink.send(Messages.range(1, 200));
      heard.awaitAnswers(200);
      assertEquals(3, server.mostBusy());
      assertEquals(3, server.accepted(), "connections are kept");
    }
  }

  @Test
  void connection_thatWasClosedWhileIdle_isMadeAnewWithoutAWord() throws Exception {
    try (WebServer server = new WebServer(r -> WebServer.status(200))) {
      Sink sink = send(server, "{}", Messages.small(1));
      heard.awaitAnswers(1);
      for (int id = 2; id < 30; id++) {
        server.cut();
        sink.send(List.of(Messages.small(id)));
        heard.awaitAnswers(id);
      }
      assertFalse(heard.isClosed());
    }
  }

  @Test
  void connection_thatSaysClose_isNotUsedAgain() throws Exception {
    try (WebServer server = new WebServer(r -> WebServer.status(200, "Connection: close"))) {
      Sink sink = transport.connect(at(server.uri(), "{}"), heard);
      sink.send(Messages.range(1, 50));
      heard.awaitAnswers(50);
      assertEquals(50, server.accepted());
      assertTrue(server.mostOpen() <= 10, "open " + server.mostOpen());
    }
  }

  @Test
  void request_thatKillsItsConnection_endsTheSink() throws Exception {
    try (WebServer server = new WebServer(r -> null)) {
      send(server, "{}", Messages.small(1));
      String reason = heard.awaitClosed(Fault.LOST);
      assertTrue(reason.contains("closed the connection without an answer"), reason);
    }
  }

  @Test
  void request_thatIsNotAnsweredInTime_endsTheSinkWhenNothingIs() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    try (WebServer server =
        new WebServer(
            r -> {
              never.await();
              return null;
            })) {
      Destination hasty =
          at(server.uri(), Format.CHANGE, Duration.ofMillis(300), "{\"connections\":2}");
      transport.connect(hasty, heard).send(Messages.range(1, 2));
      assertEquals("no answer within 270 ms", heard.awaitClosed(Fault.LOST));
    } finally {
      never.countDown();
    }
  }

  @Test
  void request_thatIsNotAnsweredInTime_isRefusedWhenOthersAre() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    try (WebServer server =
        new WebServer(
            r -> {
              if (r.header("webhook-id").equals("1-0")) {
                never.await();
              }
              return WebServer.status(200);
            })) {
      Destination hasty =
          at(server.uri(), Format.CHANGE, Duration.ofMillis(900), "{\"connections\":2}");
      Sink sink = transport.connect(hasty, heard);
      sink.send(Messages.range(1, 1));
      Await.until("it is under way", () -> server.requests().size() == 1);
      sink.send(Messages.range(2, 20));
      heard.awaitAnswers(20);
      Answer last = heard.answers().get(19);
      assertTrue(last instanceof Answer.Nacked n && n.id() == 1 && n.retry(), last.toString());
      assertFalse(heard.isClosed());
    } finally {
      never.countDown();
    }
  }

  @Test
  void server_thatIsNotThere_isUnreachable() throws Exception {
    WebServer server = new WebServer(r -> null);
    server.close();
    transport.connect(at(server.uri(), "{}"), heard);
    assertTrue(heard.awaitClosed(Fault.UNREACHABLE).contains("refused"));
  }

  @Test
  void answer_thatIsCutOff_isNoAnswer() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.line();
              it.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            })) {
      transport
          .connect(at("http://127.0.0.1:" + peer.port(), "{}"), heard)
          .send(List.of(Messages.small(1)));
      heard.awaitClosed(Fault.LOST);
      assertEquals(List.of(), heard.answers());
    }
  }

  @Test
  void message_ofManyMegabytes_passes() throws Exception {
    String body = "{\"id\":\"1-0\",\"new\":\"" + "y".repeat(12 << 20) + "\"}";
    try (WebServer server = new WebServer(r -> WebServer.status(200))) {
      send(server, "{}", Messages.of(1, body));
      heard.awaitAnswers(1);
      assertEquals(body.length(), server.requests().get(0).body().length);
    }
  }

  @Test
  void answer_beforeTheWholeRequestWasRead_counts() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              it.line();
              it.say("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
              it.untilClosed();
            })) {
      transport
          .connect(at("http://127.0.0.1:" + peer.port(), "{}"), heard)
          .send(List.of(Messages.of(1, "z".repeat(30 << 20))));
      heard.awaitAnswers(1);
      assertEquals("HTTP 413 Too Large", ((Answer.Nacked) heard.answers().get(0)).reason());
    }
  }

  // TLS, secrets and reach. -----------------------------------------------------------------------

  private WebServer secure(Certificates authority) throws Exception {
    return new WebServer(
        authority
            .server(authority.forLocalhost())
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getLoopbackAddress()),
        r -> WebServer.status(200));
  }

  @Test
  void https_withATrustedCertificate_delivers() throws Exception {
    Certificates authority = new Certificates("CN=one");
    Path ca = Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
    try (WebServer server = secure(authority)) {
      transport
          .connect(
              at("https://localhost:" + server.port() + "/x?y=z", "{\"tls_ca\":\"" + ca + "\"}"),
              heard)
          .send(Messages.range(1, 30));
      heard.awaitAnswers(30);
      assertEquals("POST /x?y=z HTTP/1.1", server.requests().get(0).line());
    }
  }

  /** Who has none is not spoken to. */
  @Test
  void https_thatWantsACertificate_isShownTheRelaysOwn() throws Exception {
    Certificates authority = new Certificates("CN=one");
    Path ca = Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
    Certificates.Identity own = authority.forLocalhost();
    Path cert = Certificates.writeCertificate(own.certificate(), directory.resolve("c.pem"));
    Path key = Certificates.writeKey(own.key(), directory.resolve("k.pem"));
    SSLServerSocket socket =
        (SSLServerSocket)
            authority
                .server(authority.forLocalhost())
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    socket.setNeedClientAuth(true);
    try (WebServer server = new WebServer(socket, r -> WebServer.status(200))) {
      String uri = "https://localhost:" + server.port() + "/";
      String trusting = "\"tls_ca\":\"" + ca + "\"";
      RecordedSink nobody = new RecordedSink();
      transport.connect(at(uri, "{" + trusting + "}"), nobody).send(Messages.range(1, 1));
      nobody.awaitEnd();
      assertEquals(List.of(), server.requests());
      String identified =
          "{" + trusting + ",\"tls_cert\":\"" + cert + "\",\"tls_key\":\"" + key + "\"}";
      transport.connect(at(uri, identified), heard).send(Messages.range(1, 30));
      heard.awaitAnswers(30);
      assertEquals(30, server.requests().size());
    }
  }

  @Test
  void https_withACertificateOfSomebodyElse_isUnreachable() throws Exception {
    Certificates other = new Certificates("CN=two");
    Path ca = Certificates.writeCertificate(other.certificate(), directory.resolve("ca.pem"));
    try (WebServer server = secure(new Certificates("CN=one"))) {
      transport.connect(
          at("https://localhost:" + server.port(), "{\"tls_ca\":\"" + ca + "\"}"), heard);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("not signed by a CA"), reason);
      assertEquals(List.of(), server.requests());
    }
  }

  @Test
  void address_thatIsNotAllowed_isNotConnectedTo() throws Exception {
    try (WebServer server = new WebServer(r -> WebServer.status(200));
        Sockets narrow = new Sockets(1, AllowedDestinations.parse("10.0.0.0/8"))) {
      for (String host : List.of("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]")) {
        RecordedSink each = new RecordedSink();
        new HttpTransport(narrow, Secrets.NONE)
            .connect(at("http://" + host + ":" + server.port() + "/hook", "{}"), each);
        assertTrue(each.awaitClosed(Fault.UNREACHABLE).contains("may connect to"), host);
      }
      assertEquals(0, server.accepted());
    }
  }

  @Test
  void credentials_thatAreWrong_areARefusalWithoutTheSecret() throws Exception {
    secret("token", "Bearer s3cr3t-t0ken");
    try (WebServer server =
        new WebServer(r -> WebServer.answer(401, "no: " + r.header("authorization")))) {
      send(server, "{\"headers\":{\"Authorization\":{\"secret\":\"token\"}}}", Messages.small(1));
      heard.awaitAnswers(1);
      assertEquals("Bearer s3cr3t-t0ken", server.requests().get(0).header("authorization"));
      assertEquals("HTTP 401 Said: no: ***", ((Answer.Nacked) heard.answers().get(0)).reason());
    }
  }

  @Test
  void secret_ofAnotherHost_isNotSent() throws Exception {
    secret("token", "s3cr3t");
    secret("token.hosts", "hooks.example.com\n");
    try (WebServer server = new WebServer(r -> WebServer.status(200))) {
      send(server, "{\"headers\":{\"X-Key\":{\"secret\":\"token\"}}}", Messages.small(1));
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("may not be used for 127.0.0.1"), reason);
      assertEquals(0, server.accepted());
    }
  }

  @Test
  void secret_thatBreaksOutOfItsHeader_isRefused() throws Exception {
    secret("token", "a\r\nX-Admin: yes");
    try (WebServer server = new WebServer(r -> WebServer.status(200))) {
      send(server, "{\"headers\":{\"X-Key\":{\"secret\":\"token\"}}}", Messages.small(1));
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("printable ASCII") && !reason.contains("X-Admin"), reason);
      assertEquals(0, server.accepted());
    }
  }

  // How messages are written. ---------------------------------------------------------------------

  private static Message cloudEvent(String data) {
    Change change =
        new Change(
            3,
            "test",
            "ké \"1\"",
            "message",
            null,
            null,
            "77",
            1_000_000,
            "order.placed",
            null,
            data.getBytes(StandardCharsets.UTF_8),
            null,
            0,
            9);
    return Messages.of(
        3, new String(Formatters.of(Format.CLOUDEVENTS).format(change), StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"amount\": 1.000000000000000000000000000001, \"a\":[{}]}", "[1, 2]", "\"ü\"", "17",
        "true", "null", "{ }", "-0.0"
      })
  void cloudEvent_inBinaryMode_isHeadersAndTheDataAsItStands(String data) throws Exception {
    try (WebServer server = new WebServer(r -> WebServer.status(200))) {
      Destination destination =
          at(
              server.uri(),
              Format.CLOUDEVENTS,
              Duration.ofSeconds(20),
              "{\"cloudevents_mode\":\"binary\"}");
      transport.connect(destination, heard).send(List.of(cloudEvent(data)));
      heard.awaitAnswers(1);
      Request request = server.requests().get(0);
      assertArrayEquals(data.getBytes(StandardCharsets.UTF_8), request.body());
      assertEquals("application/json", request.header("content-type"));
      assertEquals("1.0", request.header("ce-specversion"));
      assertEquals("order.placed", request.header("ce-type"));
      assertEquals("k%C3%A9%20%221%22", request.header("ce-subject"));
      assertEquals("9", request.header("ce-epoch"));
      assertEquals("/test", request.header("ce-source"));
      assertTrue(request.header("ce-id").startsWith("3-"), request.header("ce-id"));
    }
  }

  @Test
  void cloudEvent_inStructuredMode_isWhatItWas() throws Exception {
    try (WebServer server = new WebServer(r -> WebServer.status(200))) {
      Message event = cloudEvent("{}");
      transport
          .connect(at(server.uri(), Format.CLOUDEVENTS, Duration.ofSeconds(20), "{}"), heard)
          .send(List.of(event));
      heard.awaitAnswers(1);
      Request request = server.requests().get(0);
      assertArrayEquals(event.body(), request.body());
      assertTrue(request.header("content-type").startsWith("application/cloudevents+json"));
    }
  }

  @Test
  void batch_ofMessages_isOneRequest() throws Exception {
    secret("hook", KEY);
    try (WebServer server = new WebServer(r -> WebServer.status(200))) {
      Sink sink =
          transport.connect(
              at(
                  server.uri(),
                  "{\"batch\":10,\"connections\":1,\"signing_secret\":{\"secret\":\"hook\"}}"),
              heard);
      sink.send(Messages.range(1, 25));
      heard.awaitAnswers(25);
      assertEquals(3, server.requests().size());
      Request first = server.requests().get(0);
      assertEquals(
          Messages.range(1, 10).stream()
              .map(m -> new String(m.body(), StandardCharsets.UTF_8))
              .collect(Collectors.joining(",", "[", "]")),
          first.text());
      new Webhook(KEY).verify(first.text(), webhookHeaders(first));
      assertEquals(
          3, server.requests().stream().map(r -> r.header("webhook-id")).distinct().count());
    }
  }

  @Test
  void batch_thatIsRefused_isSentOneByOneToFindOutWhichMessageItIs() throws Exception {
    try (WebServer server =
        new WebServer(r -> WebServer.status(r.text().contains("\"4-0\"") ? 400 : 200))) {
      Sink sink = transport.connect(at(server.uri(), "{\"batch\":10,\"connections\":1}"), heard);
      sink.send(Messages.range(1, 10));
      heard.awaitAnswers(10);
      List<Long> refused = new ArrayList<>();
      for (Answer answer : heard.answers()) {
        if (answer instanceof Answer.Nacked nacked) {
          refused.add(nacked.id());
        }
      }
      assertEquals(List.of(4L), refused);
      assertEquals(11, server.requests().size());
    }
  }

  // What is no sound destination. -----------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"headers\":{\"Host\":\"other\"}}",
        "{\"headers\":{\"Content-Length\":\"1\"}}",
        "{\"headers\":{\"Transfer-Encoding\":\"chunked\"}}",
        "{\"headers\":{\"webhook-id\":\"1\"}}",
        "{\"headers\":{\"X\":\"a\\r\\nY: b\"}}",
        "{\"headers\":{\"X Y\":\"a\"}}",
        "{\"headers\":{\"Authorization\":\"Bearer plain\"}}",
        "{\"headers\":{\"X\":{\"secret\":\"../../etc/passwd\"}}}",
        "{\"headers\":{\"X\":{\"secret\":\"/etc/passwd\"}}}",
        "{\"headers\":{\"X\":{\"secret\":\".hidden\"}}}",
        "{\"headers\":{\"X\":{\"secret\":\"a.hosts\"}}}",
        "{\"headers\":{\"X\":{\"file\":\"a\"}}}",
        "{\"headers\":[]}",
        "{\"signing_secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}",
        "{\"signing_secret\":[]}",
        "{\"connections\":0}",
        "{\"connections\":65}",
        "{\"batch\":1001}",
        "{\"cloudevents_mode\":\"none\"}",
        "{\"cloudevents_mode\":\"binary\"}",
        "{\"tls_ca\":\"/etc/ca.pem\"}",
        "{\"follow\":true}"
      })
  void options_thatMakeNoSense_areRefusedBeforeAnyConnection(String options) throws Exception {
    try (WebServer server = new WebServer(r -> WebServer.status(200))) {
      transport.connect(at(server.uri(), options), heard);
      String reason = heard.awaitClosed(Fault.UNREACHABLE);
      assertFalse(reason.contains("MfKQ9r8"), reason);
      assertEquals(0, server.accepted());
    }
  }

  @Test
  void destination_withManyMessages_getsEachOnce() throws Exception {
    try (WebServer server = new WebServer(r -> WebServer.status(200))) {
      Sink sink = transport.connect(at(server.uri(), "{\"connections\":8}"), heard);
      sink.send(Messages.range(1, 2000));
      heard.awaitAnswers(2000);
      TreeSet<Long> ids = new TreeSet<>();
      heard.answers().forEach(answer -> ids.add(answer.id()));
      assertEquals(2000, ids.size());
      assertEquals(2000, server.requests().size());
    }
  }
}
