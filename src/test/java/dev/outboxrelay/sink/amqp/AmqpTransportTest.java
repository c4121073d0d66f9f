// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.rabbitmq.client.GetResponse;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
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
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Label;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One sink against a real RabbitMQ, which takes its time to start. */
@Tag("full")
final class AmqpTransportTest {
  private static final Label LABEL = new Label("k 1", "insert", "public", "orders", null, "77", 3);
  private static final String LOGIN = "\"user\":\"relay\",\"password\":{\"secret\":\"p\"}";

  private static RabbitServer server;

  @TempDir Path directory;

  private final RecordedSink heard = new RecordedSink();
  private final List<AutoCloseable> open = new ArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    server = new RabbitServer();
  }

  @AfterAll
  static void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @AfterEach
  void tearDown() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  private Transport transport(AddressPolicy policy, String password) throws Exception {
    Path secrets = Files.createDirectories(directory.resolve("secrets-" + open.size()));
    Files.writeString(secrets.resolve("p"), password);
    Transport transport = Transports.open(1, policy, new SecretsDir(secrets));
    open.add(transport);
    return transport;
  }

  private static Destination at(String uri, String options) {
    return Destinations.at(
        uri,
        Framing.NDJSON,
        Ack.LINE,
        "{" + LOGIN + (options.isEmpty() ? "" : ",") + options + "}");
  }

  private Sink connect(String options) throws Exception {
    Sink sink = transport(AddressPolicy.ANY, "right").connect(at(server.uri(), options), heard);
    heard.awaitConnected();
    return sink;
  }

  @Test
  void messages_many_areInTheirQueueAndAcknowledged() throws Exception {
    server.queue("many.public.orders", Map.of());
    Sink sink = connect("\"routing_key\":\"many.{schema}.{table}\"");
    List<dev.outboxrelay.values.Message> messages = new ArrayList<>();
    for (long id = 1; id <= 200; id++) {
      messages.add(Messages.labelled(id, "{\"id\":\"" + id + "-0\"}", LABEL));
    }
    sink.send(messages);
    heard.awaitAnswers(200);
    assertTrue(heard.answers().stream().allMatch(answer -> answer instanceof Answer.Acked));
    List<GetResponse> stored = server.drain("many.public.orders");
    assertEquals(200, stored.size());
    GetResponse first = stored.get(0);
    assertEquals("{\"id\":\"1-0\"}", RabbitServer.text(first));
    assertEquals("1-0", first.getProps().getMessageId());
    assertEquals(2, first.getProps().getDeliveryMode());
    assertEquals("k 1", first.getProps().getHeaders().get("key").toString());
    assertEquals(3L, first.getProps().getHeaders().get("epoch"));
    assertEquals("insert", first.getProps().getHeaders().get("op").toString());
  }

  @Test
  void message_thatNoQueueTakes_isRefusedWithTheBrokersWords() throws Exception {
    server.queue("taken", Map.of());
    Sink sink = connect("\"routing_key\":\"{key}\"");
    sink.send(
        List.of(
            Messages.labelled(1, "{}", new Label("nowhere", "insert", null, null, null, "1", 1)),
            Messages.labelled(2, "{}", new Label("taken", "insert", null, null, null, "1", 1))));
    heard.awaitAnswers(2);
    assertEquals(
        List.of("no queue takes it: NO_ROUTE (exchange '', routing key 'nowhere')"),
        heard.answers().stream()
            .filter(answer -> answer instanceof Answer.Nacked)
            .map(answer -> ((Answer.Nacked) answer).reason())
            .toList());
    assertEquals(1, heard.answers().stream().filter(a -> a instanceof Answer.Acked).count());
  }

  @Test
  void exchange_thatIsNotThere_isNamed() throws Exception {
    transport(AddressPolicy.ANY, "right")
        .connect(at(server.uri(), "\"exchange\":\"absent\""), heard);
    String reason = heard.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("no exchange 'absent'"), reason);
  }

  @Test
  void routingKey_thatIsTooLong_isRefused() throws Exception {
    Sink sink = connect("\"routing_key\":\"{key}\"");
    sink.send(
        List.of(
            Messages.labelled(
                1, "{}", new Label("x".repeat(300), "insert", null, null, null, "1", 1))));
    heard.awaitAnswers(1);
    assertTrue(heard.answers().toString().contains("routing key has 300 bytes"));
    assertFalse(heard.isClosed());
  }

  /** The broker ends the channel over it, and the connection stands for others. */
  @Test
  void message_overTheBrokersLimit_endsTheSinkWithTheBrokersWords() throws Exception {
    server.queue("test", Map.of());
    Transport transport = transport(AddressPolicy.ANY, "right");
    Sink sink = transport.connect(at(server.uri(), ""), heard);
    RecordedSink neighbour = new RecordedSink();
    Sink other = transport.connect(at(server.uri(), "\"routing_key\":\"test\""), neighbour);
    heard.awaitConnected();
    neighbour.awaitConnected();
    sink.send(List.of(Messages.of(1, "x".repeat(1_500_000))));
    String reason = heard.awaitClosed(Fault.LOST);
    assertTrue(reason.contains("message size 1500000 is larger than"), reason);
    other.send(List.of(Messages.small(2)));
    neighbour.awaitAnswers(1);
    assertTrue(neighbour.answers().get(0) instanceof Answer.Acked);
  }

  @Test
  void queue_thatIsFull_defersAndGoesOn() throws Exception {
    server.queue("full", Map.of("x-max-length", 1, "x-overflow", "reject-publish"));
    Sink sink = connect("\"routing_key\":\"full\"");
    sink.send(List.of(Messages.small(1)));
    heard.awaitAnswers(1);
    sink.send(List.of(Messages.small(2)));
    heard.awaitAnswers(2);
    assertTrue(heard.answers().get(1) instanceof Answer.Deferred, heard.toString());
    server.drain("full");
    sink.send(List.of(Messages.small(2)));
    heard.awaitAnswers(3);
    assertTrue(heard.answers().get(2) instanceof Answer.Acked, heard.toString());
  }

  @Test
  void broker_thatBlocksPublishers_isSlowAndDefers() throws Exception {
    server.queue("test", Map.of());
    Sink sink = connect("\"routing_key\":\"test\"");
    server.control("set_vm_memory_high_watermark", "0.00001");
    try {
      sink.send(List.of(Messages.small(1)));
      Await.until(
          "deferred",
          () -> {
            sink.send(List.of(Messages.small(heard.answers().size() + 2)));
            return heard.answers().stream().anyMatch(a -> a instanceof Answer.Deferred);
          });
      assertTrue(heard.answers().toString().contains("blocks publishers"));
    } finally {
      server.control("set_vm_memory_high_watermark", "0.4");
    }
    Await.until(
        "taken again",
        () -> heard.answers().stream().anyMatch(a -> a instanceof Answer.Acked && a.id() == 1));
    assertFalse(heard.isClosed());
  }

  @Test
  void broker_thatStalls_isSlowAndNoMessageIsToBlame() throws Exception {
    server.queue("test", Map.of());
    Sink sink =
        transport(AddressPolicy.ANY, "right")
            .connect(
                Destinations.waiting(server.uri(), Duration.ofMillis(500), "{" + LOGIN + "}"),
                heard);
    heard.awaitConnected();
    server.signal("STOP");
    try {
      sink.send(List.of(Messages.small(1)));
      assertEquals("no answer of the broker within 450 ms", heard.awaitClosed(Fault.NONE));
    } finally {
      server.signal("CONT");
    }
  }

  @Test
  void broker_thatIsKilled_endsTheSinkWithWhatIsUnanswered() throws Exception {
    server.queue("test", Map.of());
    Sink sink = connect("");
    server.signal("STOP");
    sink.send(List.of(Messages.small(1)));
    server.kill();
    try {
      heard.awaitClosed(Fault.LOST);
      assertEquals(List.of(), heard.answers());
      RecordedSink down = new RecordedSink();
      transport(AddressPolicy.ANY, "right").connect(at(server.uri(), ""), down);
      String reason = down.awaitClosed(Fault.UNREACHABLE);
      assertTrue(reason.contains("Connection refused"), reason);
    } finally {
      server.start();
    }
  }

  // Connections, logging in, TLS. -----------------------------------------------------------------

  @Test
  void address_thatIsNotAllowed_isNotConnectedTo() throws Exception {
    transport((host, address) -> false, "right").connect(at(server.uri(), ""), heard);
    String reason = heard.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("may connect to"), reason);
  }

  @Test
  void server_secondOfTwo_isUsedWhenTheFirstIsDown() throws Exception {
    String second = server.uri().substring("amqp://".length());
    transport(AddressPolicy.ANY, "right")
        .connect(at("amqp://127.0.0.1:" + Ports.free() + "," + second + "/%2F", ""), heard);
    heard.awaitConnected();
  }

  @Test
  void login_withAWrongPassword_isRefusedInWords() throws Exception {
    transport(AddressPolicy.ANY, "wrong").connect(at(server.uri(), ""), heard);
    String reason = heard.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("the broker refuses the login"), reason);
    assertFalse(reason.contains("wrong"), reason);
  }

  @Test
  void virtualHost_thatIsNotThere_isRefusedInWords() throws Exception {
    transport(AddressPolicy.ANY, "right").connect(at(server.uri() + "/absent", ""), heard);
    String reason = heard.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("absent"), reason);
  }

  private String secureEnd(String uri, String options) throws Exception {
    RecordedSink listener = new RecordedSink();
    transport(AddressPolicy.ANY, "right").connect(at(uri, options), listener);
    return listener.awaitClosed(Fault.UNREACHABLE);
  }

  /** Who has none, and who has one of somebody else, is not spoken to. */
  @Test
  @Tag("full")
  void certificate_ofTheRelay_isWhatTheBrokerWants() throws Exception {
    try (RabbitServer mutual = new RabbitServer(true)) {
      mutual.queue("shop", Map.of());
      String ca = "\"routing_key\":\"shop\",\"tls_ca\":\"" + mutual.ca() + "\"";
      String own = identified(ca, mutual.cert(), mutual.key());
      Sink sink = transport(AddressPolicy.ANY, "right").connect(at(mutual.secureUri(), own), heard);
      heard.awaitConnected();
      sink.send(List.of(Messages.small(1)));
      heard.awaitAnswers(1);
      assertEquals(1, mutual.drain("shop").size());
      String none = secureEnd(mutual.secureUri(), ca);
      assertFalse(none.isEmpty());
      Certificates.Identity stranger = new Certificates("stranger").forLocalhost();
      Path cert = Certificates.writeCertificate(stranger.certificate(), directory.resolve("c.pem"));
      Path key = Certificates.writeKey(stranger.key(), directory.resolve("k.pem"));
      String other = secureEnd(mutual.secureUri(), identified(ca, cert, key));
      assertFalse(other.isEmpty());
    }
  }

  private static String identified(String ca, Path cert, Path key) {
    return ca + ",\"tls_cert\":\"" + cert + "\",\"tls_key\":\"" + key + "\"";
  }

  @Test
  void certificate_isHeldAgainstTheAuthorityAndTheName() throws Exception {
    String ca = "\"tls_ca\":\"" + server.ca() + "\"";
    transport(AddressPolicy.ANY, "right").connect(at(server.secureUri(), ca), heard);
    heard.awaitConnected();
    String unknown = secureEnd(server.secureUri(), "");
    assertTrue(unknown.contains("not signed by a CA"), unknown);
    String named = secureEnd(server.secureUri(), ca + ",\"tls_server_name\":\"other.example.com\"");
    assertTrue(named.contains("is not for 'other.example.com'"), named);
  }

  @Test
  void server_withoutTls_isNotSpokenToInPlainText() throws Exception {
    String reason = secureEnd(server.uri().replace("amqp:", "amqps:"), "");
    assertTrue(reason.contains("TLS"), reason);
  }

  @Test
  void destinations_onOneBroker_shareOneConnection() throws Exception {
    server.queue("test", Map.of());
    Transport transport = transport(AddressPolicy.ANY, "right");
    List<RecordedSink> all = new ArrayList<>();
    for (int each = 0; each < 20; each++) {
      RecordedSink listener = new RecordedSink();
      all.add(listener);
      transport.connect(at(server.uri(), "\"routing_key\":\"test\""), listener);
      listener.awaitConnected();
    }
    assertEquals(
        1,
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith(server.uri()))
            .count());
  }
}
