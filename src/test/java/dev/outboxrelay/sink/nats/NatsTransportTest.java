// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.SecretsDir;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.all.Transports;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Label;
import dev.outboxrelay.values.Message;
import io.nats.client.Connection;
import io.nats.client.NKey;
import io.nats.client.api.MessageInfo;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One sink against a real nats-server. */
final class NatsTransportTest {
  private static final Label LABEL = new Label("k 1", "insert", "public", "or.ders", null, "77", 3);

  @TempDir Path directory;

  private final RecordedSink heard = new RecordedSink();
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void tearDown() throws Exception {
    for (int each = open.size() - 1; each >= 0; each--) {
      open.get(each).close();
    }
  }

  private NatsServer server(String more) throws Exception {
    NatsServer server = new NatsServer(directory, more);
    open.add(server);
    return server;
  }

  private Transport transport(AddressPolicy policy, Secrets secrets) {
    Transport transport = Transports.open(1, policy, secrets);
    open.add(transport);
    return transport;
  }

  private Sink connect(String uri, String options) {
    return transport(AddressPolicy.ANY, Secrets.NONE).connect(at(uri, options), heard);
  }

  private static Destination at(String uri, String options) {
    return Destinations.at(uri, Framing.NDJSON, Ack.LINE, options);
  }

  private static Message labelled(long id) {
    return Messages.labelled(id, "{\"id\":\"" + id + "-0\"}", LABEL);
  }

  @Test
  void messages_many_areStoredInTheirStreamAndAcknowledged() throws Exception {
    NatsServer server = server("");
    server.stream("orders", "shop.>");
    Sink sink = connect(server.uri("shop.{schema}.{table}"), "{}");
    heard.awaitConnected();
    List<Message> messages = new ArrayList<>();
    for (long id = 1; id <= 200; id++) {
      messages.add(labelled(id));
    }
    sink.send(messages);
    heard.awaitAnswers(200);
    assertTrue(heard.answers().stream().allMatch(answer -> answer instanceof Answer.Acked));
    List<MessageInfo> stored = server.read("orders");
    assertEquals(200, stored.size());
    MessageInfo first = stored.get(0);
    assertEquals("shop.public.or_ders", first.getSubject());
    assertEquals("{\"id\":\"1-0\"}", NatsServer.text(first));
    assertEquals("1-0", first.getHeaders().getFirst("Nats-Msg-Id"));
    assertEquals("3", first.getHeaders().getFirst("epoch"));
    assertEquals("insert", first.getHeaders().getFirst("op"));
    assertEquals("77", first.getHeaders().getFirst("tx"));
    assertEquals("k%201", first.getHeaders().getFirst("key"));
  }

  @Test
  void message_thatIsRepeated_isStoredOnce() throws Exception {
    NatsServer server = server("");
    server.stream("orders", "shop");
    Sink sink = connect(server.uri("shop"), "{}");
    heard.awaitConnected();
    sink.send(List.of(Messages.small(1)));
    heard.awaitAnswers(1);
    sink.send(List.of(Messages.small(1)));
    heard.awaitAnswers(2);
    assertTrue(heard.answers().stream().allMatch(answer -> answer instanceof Answer.Acked));
    assertEquals(1, server.read("orders").size());
  }

  @Test
  void cloudEvent_inBinaryMode_hasItsAttributesAsHeaders() throws Exception {
    NatsServer server = server("");
    server.stream("orders", "shop");
    Sink sink =
        transport(AddressPolicy.ANY, Secrets.NONE)
            .connect(
                Destinations.in(
                    Format.CLOUDEVENTS, server.uri("shop"), "{\"cloudevents_mode\":\"binary\"}"),
                heard);
    heard.awaitConnected();
    sink.send(
        List.of(
            Messages.of(
                1,
                "{\"specversion\":\"1.0\",\"id\":\"1-0\",\"type\":\"a b\",\"data\":{\"x\": 1}}")));
    heard.awaitAnswers(1);
    MessageInfo stored = server.read("orders").get(0);
    assertEquals("{\"x\": 1}", NatsServer.text(stored));
    assertEquals("a%20b", stored.getHeaders().getFirst("ce-type"));
    assertEquals("1.0", stored.getHeaders().getFirst("ce-specversion"));
  }

  @Test
  void subject_thatNoStreamTakes_isRefusedInWords() throws Exception {
    NatsServer server = server("");
    Sink sink = connect(server.uri("shop"), "{}");
    heard.awaitConnected();
    sink.send(List.of(Messages.small(1)));
    heard.awaitAnswers(1);
    Answer.Nacked refused = (Answer.Nacked) heard.answers().get(0);
    assertEquals("no stream takes messages for the subject 'shop'", refused.reason());
    assertTrue(refused.retry());
  }

  @Test
  void answer_thatIsNotAStreams_isNoAcknowledgement() throws Exception {
    NatsServer server = server("");
    try (Connection service = server.client()) {
      service.createDispatcher(asked -> NatsServer.answer(service, asked)).subscribe("shop");
      service.flush(Duration.ofSeconds(5));
      Sink sink = connect(server.uri("shop"), "{}");
      heard.awaitConnected();
      sink.send(List.of(Messages.small(1)));
      heard.awaitAnswers(1);
      Answer.Nacked refused = (Answer.Nacked) heard.answers().get(0);
      assertTrue(refused.reason().contains("is not a stream"), refused.reason());
    }
  }

  @Test
  void message_thatHasNoTable_isRefusedWhereTheSubjectNeedsOne() throws Exception {
    NatsServer server = server("");
    server.stream("orders", "shop.>");
    Sink sink = connect(server.uri("shop.{table}"), "{}");
    heard.awaitConnected();
    sink.send(List.of(Messages.small(1), labelled(2)));
    heard.awaitAnswers(2);
    assertEquals(
        List.of("'shop.{table}' needs a table, which the message does not have"),
        heard.answers().stream()
            .filter(answer -> answer instanceof Answer.Nacked)
            .map(answer -> ((Answer.Nacked) answer).reason())
            .toList());
  }

  @Test
  void message_overTheServersLimit_isRefusedAndOthersGo() throws Exception {
    NatsServer server = server("max_payload: 4096\n");
    server.stream("orders", "shop");
    Sink sink = connect(server.uri("shop"), "{}");
    heard.awaitConnected();
    sink.send(
        List.of(
            Messages.of(1, "x".repeat(4090)), Messages.of(2, "x".repeat(5000)), Messages.small(3)));
    heard.awaitAnswers(3);
    assertEquals(2, heard.answers().stream().filter(a -> a instanceof Answer.Nacked).count());
    assertTrue(heard.answers().toString().contains("at most 4096 (max_payload)"));
    assertFalse(heard.isClosed());
  }

  @Test
  void stream_thatIsFull_defersAndGoesOn() throws Exception {
    NatsServer server = server("");
    server.stream("orders", "shop", 2);
    Sink sink = connect(server.uri("shop"), "{}");
    heard.awaitConnected();
    sink.send(Messages.range(1, 3));
    heard.awaitAnswers(3);
    Answer.Deferred deferred =
        (Answer.Deferred)
            heard.answers().stream().filter(a -> a instanceof Answer.Deferred).findFirst().get();
    assertTrue(deferred.reason().contains("maximum messages exceeded"), deferred.reason());
    server.purge("orders");
    sink.send(List.of(Messages.small(deferred.id())));
    heard.awaitAnswers(4);
    assertTrue(heard.answers().get(3) instanceof Answer.Acked);
  }

  // Connections. ----------------------------------------------------------------------------------

  @Test
  void server_thatIsDown_isUnreachable() throws Exception {
    connect("nats://127.0.0.1:" + Ports.free() + "/shop", "{}");
    String reason = heard.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("Connection refused"), reason);
  }

  @Test
  void server_secondOfTwo_isUsedWhenTheFirstIsDown() throws Exception {
    NatsServer server = server("");
    server.stream("orders", "shop");
    Sink sink =
        connect("nats://127.0.0.1:" + Ports.free() + ",127.0.0.1:" + server.port() + "/shop", "{}");
    heard.awaitConnected();
    sink.send(List.of(Messages.small(1)));
    heard.awaitAnswers(1);
    assertTrue(heard.answers().get(0) instanceof Answer.Acked);
  }

  @Test
  void server_thatIsKilled_endsTheSinkWithWhatIsUnanswered() throws Exception {
    NatsServer server = server("");
    server.stream("orders", "shop");
    Sink sink = connect(server.uri("shop"), "{}");
    heard.awaitConnected();
    server.program().signal("STOP");
    sink.send(List.of(Messages.small(1)));
    server.program().kill();
    heard.awaitClosed(Fault.LOST);
    assertEquals(List.of(), heard.answers());
  }

  @Test
  void server_thatStalls_isSlowAndNoMessageIsToBlame() throws Exception {
    NatsServer server = server("");
    server.stream("orders", "shop");
    Sink sink =
        transport(AddressPolicy.ANY, Secrets.NONE)
            .connect(Destinations.waiting(server.uri("shop"), Duration.ofMillis(500), "{}"), heard);
    heard.awaitConnected();
    server.program().signal("STOP");
    sink.send(List.of(Messages.small(1)));
    String reason = heard.awaitClosed(Fault.NONE);
    server.program().signal("CONT");
    assertEquals("no answer of the broker within 450 ms", reason);
  }

  @Test
  void destinations_onOneServer_shareOneConnection() throws Exception {
    int monitor = Ports.free();
    NatsServer server = server("http: \"127.0.0.1:" + monitor + "\"\n");
    server.stream("orders", "shop.>");
    Transport transport = transport(AddressPolicy.ANY, Secrets.NONE);
    List<RecordedSink> all = new ArrayList<>();
    List<Sink> sinks = new ArrayList<>();
    for (int each = 0; each < 20; each++) {
      RecordedSink listener = new RecordedSink();
      all.add(listener);
      sinks.add(transport.connect(at(server.uri("shop.d" + each), "{}"), listener));
      listener.awaitConnected();
      sinks.get(each).send(List.of(Messages.small(each + 1)));
    }
    all.forEach(listener -> listener.awaitAnswers(1));
    assertEquals(1, connections(monitor));
    sinks.forEach(sink -> sink.close("the test is done"));
    all.forEach(listener -> listener.awaitClosed(Fault.NONE));
    Await.until("closed with the last", () -> connections(monitor) == 0);
  }

  private static int connections(int monitor) throws Exception {
    String text;
    try (var in = URI.create("http://127.0.0.1:" + monitor + "/connz").toURL().openStream()) {
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    return Integer.parseInt(text.replaceAll("(?s).*\"num_connections\": (\\d+).*", "$1"));
  }

  @Test
  void address_thatIsNotAllowed_isNotConnectedTo() throws Exception {
    int monitor = Ports.free();
    NatsServer server = server("http: \"127.0.0.1:" + monitor + "\"\n");
    transport((host, address) -> false, Secrets.NONE).connect(at(server.uri("shop"), "{}"), heard);
    String reason = heard.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("may connect to"), reason);
    assertEquals(0, connections(monitor));
  }

  /** Nor to what a server tells of its neighbours. */
  @Test
  void address_thatAServerAdvertises_isNotConnectedTo() throws Exception {
    try (ServerSocket inside = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      NatsServer server = server("client_advertise: \"127.0.0.1:" + inside.getLocalPort() + "\"\n");
      server.stream("orders", "shop");
      Sink sink = connect(server.uri("shop"), "{}");
      heard.awaitConnected();
      sink.send(List.of(Messages.small(1)));
      heard.awaitAnswers(1);
      server.program().kill();
      heard.awaitEnd();
      inside.setSoTimeout(300);
      assertThrows(SocketTimeoutException.class, inside::accept);
    }
  }

  // Logging in, and TLS. --------------------------------------------------------------------------

  private Secrets secret(String name, String value) throws Exception {
    Path secrets = Files.createDirectories(directory.resolve("secrets"));
    Files.writeString(secrets.resolve(name), value);
    return new SecretsDir(secrets);
  }

  @Test
  void login_withTheRightPassword_isTakenAndWithAWrongOneRefused() throws Exception {
    NatsServer server = server("authorization { user: \"relay\", password: \"right\" }\n");
    String options = "{\"user\":\"relay\",\"password\":{\"secret\":\"p\"}}";
    Transport transport = transport(AddressPolicy.ANY, secret("p", "right\n"));
    transport.connect(at(server.uri("shop"), options), heard);
    heard.awaitConnected();
    RecordedSink refused = new RecordedSink();
    transport(AddressPolicy.ANY, secret("p", "wrong"))
        .connect(at(server.uri("shop"), options), refused);
    String reason = refused.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("the broker refuses the login"), reason);
    RecordedSink nobody = new RecordedSink();
    transport.connect(at(server.uri("shop"), "{}"), nobody);
    assertTrue(nobody.awaitClosed(Fault.UNREACHABLE).contains("refuses the login"));
  }

  @Test
  void login_withCredentials_signsWhatTheServerAsks() throws Exception {
    NKey key = NKey.createUser(null);
    NatsServer server =
        server(
            "authorization { users: [ { nkey: \"" + new String(key.getPublicKey()) + "\" } ] }\n");
    String file =
        "-----BEGIN USER NKEY SEED-----\n"
            + new String(key.getSeed())
            + "\n------END USER NKEY SEED------\n";
    transport(AddressPolicy.ANY, secret("creds", file))
        .connect(at(server.uri("shop"), "{\"credentials\":{\"secret\":\"creds\"}}"), heard);
    heard.awaitConnected();
  }

  @Test
  void secret_thatMayNotBeSentToTheHost_isNot() throws Exception {
    NatsServer server = server("");
    Secrets secrets = secret("t", "abc");
    Files.writeString(directory.resolve("secrets/t.hosts"), "broker.example.com");
    transport(AddressPolicy.ANY, secrets)
        .connect(at(server.uri("shop"), "{\"token\":{\"secret\":\"t\"}}"), heard);
    String reason = heard.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("may not be used for 127.0.0.1"), reason);
  }

  private NatsServer secureServer(Certificates authority, Certificates.Identity identity)
      throws Exception {
    return secureServer(authority, identity, "");
  }

  private NatsServer secureServer(
      Certificates authority, Certificates.Identity identity, String more) throws Exception {
    Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
    Certificates.writeCertificate(identity.certificate(), directory.resolve("cert.pem"));
    Certificates.writeKey(identity.key(), directory.resolve("key.pem"));
    return server(
        "tls { cert_file: \"DIR/cert.pem\", key_file: \"DIR/key.pem\" MORE }\n"
            .replace("MORE", more)
            .replace("DIR", directory.toString()));
  }

  private String secureEnd(String uri, String options) {
    RecordedSink listener = new RecordedSink();
    transport(AddressPolicy.ANY, Secrets.NONE).connect(at(uri, options), listener);
    return listener.awaitClosed(Fault.UNREACHABLE);
  }

  /** Who has none, and who has one of somebody else, is not spoken to. */
  @Test
  void certificate_ofTheRelay_isWhatTheServerWants() throws Exception {
    Certificates authority = new Certificates("nats");
    NatsServer server =
        secureServer(
            authority,
            authority.forLocalhost(),
            ", ca_file: \"" + directory.resolve("ca.pem") + "\", verify: true");
    String ca = "\"tls_ca\":\"" + directory.resolve("ca.pem") + "\"";
    String uri = "tls+nats://localhost:" + server.port() + "/shop";
    Certificates.Identity own = authority.forLocalhost();
    transport(AddressPolicy.ANY, Secrets.NONE).connect(at(uri, identified(ca, own)), heard);
    heard.awaitConnected();
    assertFalse(secureEnd(uri, "{" + ca + "}").isEmpty());
    Certificates.Identity stranger = new Certificates("stranger").forLocalhost();
    assertFalse(secureEnd(uri, identified(ca, stranger)).isEmpty());
  }

  private String identified(String ca, Certificates.Identity who) throws Exception {
    Path cert = Files.createTempFile(directory, "own", ".pem");
    Path key = Files.createTempFile(directory, "own", ".key");
    Certificates.writeCertificate(who.certificate(), cert);
    Certificates.writeKey(who.key(), key);
    return "{" + ca + ",\"tls_cert\":\"" + cert + "\",\"tls_key\":\"" + key + "\"}";
  }

  @Test
  void certificate_isHeldAgainstTheAuthorityAndTheName() throws Exception {
    Certificates authority = new Certificates("nats");
    NatsServer server = secureServer(authority, authority.forLocalhost());
    String ca = "\"tls_ca\":\"" + directory.resolve("ca.pem") + "\"";
    String uri = "tls+nats://localhost:" + server.port() + "/shop";
    transport(AddressPolicy.ANY, Secrets.NONE).connect(at(uri, "{" + ca + "}"), heard);
    heard.awaitConnected();
    String unknown = secureEnd(uri, "{}");
    assertTrue(unknown.contains("not signed by a CA"), unknown);
    String named = secureEnd(uri, "{" + ca + ",\"tls_server_name\":\"other.example.com\"}");
    assertTrue(named.contains("is not for 'other.example.com'"), named);
    String plain = secureEnd("nats://localhost:" + server.port() + "/shop", "{}");
    assertTrue(plain.contains("SSL") || plain.contains("TLS"), plain);
    String underscore = secureEnd(uri, "{" + ca + ",\"tls_server_name\":\"a_b\"}");
    assertTrue(underscore.contains("underscore"), underscore);
  }

  @Test
  void server_withoutTls_isNotSpokenToInPlainText() throws Exception {
    NatsServer server = server("");
    String reason = secureEnd("tls+nats://localhost:" + server.port() + "/shop", "{}");
    assertTrue(reason.contains("SSL") || reason.contains("TLS"), reason);
  }
}
