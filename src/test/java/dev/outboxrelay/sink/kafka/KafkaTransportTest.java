// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Label;
import dev.outboxrelay.values.Message;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One sink against a real Kafka, which takes its time to start. */
@Tag("full")
final class KafkaTransportTest {
  private static final Label LABEL =
      new Label("kéy 1", "insert", "public", "orders", null, "77", 3);
  private static final String LOGIN = "\"user\":\"relay\",\"password\":{\"secret\":\"p\"}";

  private static KafkaServer server;
  private static int topics;

  @TempDir Path directory;

  private final RecordedSink heard = new RecordedSink();
  private final List<AutoCloseable> open = new ArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    server = new KafkaServer();
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

  private static String topic(int partitions, Map<String, String> settings) throws Exception {
    String name = "topic-" + ++topics;
    server.topic(name, partitions, settings);
    return name;
  }

  private Path secrets(String password) throws Exception {
    Path secrets = Files.createDirectories(directory.resolve("secrets-" + open.size()));
    Files.writeString(secrets.resolve("p"), password);
    return secrets;
  }

  private Transport transport(AddressPolicy policy, Path secrets) {
    Transport transport = Transports.open(1, policy, new SecretsDir(secrets));
    open.add(transport);
    return transport;
  }

  private Transport transport() throws Exception {
    return transport(AddressPolicy.ANY, secrets(KafkaServer.PASSWORD));
  }

  private static Destination at(String uri, String options) {
    return Destinations.at(uri, Framing.NDJSON, Ack.LINE, "{" + options + "}");
  }

  private Sink connect(String uri, String options) throws Exception {
    Sink sink = transport().connect(at(uri, options), heard);
    heard.awaitConnectedOrEnd();
    assertTrue(heard.isConnected(), heard.toString());
    return sink;
  }

  private static Label keyed(String key) {
    return new Label(key, "insert", "public", "orders", null, "77", 3);
  }

  private void assertAllTaken(int count) {
    heard.awaitAnswers(count);
    assertTrue(
        heard.answers().stream().allMatch(answer -> answer instanceof Answer.Acked),
        heard.toString());
    assertEquals(count, heard.answers().size());
  }

  // What is sent. ---------------------------------------------------------------------------------

  @Test
  void messages_many_areInTheirTopicAndAcknowledged() throws Exception {
    String topic = "public.orders-" + ++topics;
    server.topic(topic, 3, Map.of());
    Sink sink = connect(server.uri("{schema}.{table}-" + topics), "");
    List<Message> messages = new ArrayList<>();
    for (long id = 1; id <= 200; id++) {
      messages.add(Messages.labelled(id, "{\"id\":\"" + id + "-0\"}", LABEL));
    }
    sink.send(messages);
    assertAllTaken(200);
    List<ConsumerRecord<byte[], byte[]>> stored = server.read(topic);
    assertEquals(200, stored.size());
    assertEquals(1, stored.stream().map(ConsumerRecord::partition).distinct().count());
    ConsumerRecord<byte[], byte[]> first = stored.get(0);
    assertEquals("{\"id\":\"1-0\"}", KafkaServer.text(first));
    assertEquals("kéy 1", new String(first.key(), StandardCharsets.UTF_8));
    assertEquals("1-0", KafkaServer.header(first, "id"));
    assertEquals("3", KafkaServer.header(first, "epoch"));
    assertEquals("insert", KafkaServer.header(first, "op"));
    assertEquals("77", KafkaServer.header(first, "tx"));
    assertEquals("public", KafkaServer.header(first, "schema"));
    assertEquals("orders", KafkaServer.header(first, "table"));
    assertEquals("application/json", KafkaServer.header(first, "content-type"));
    assertNull(KafkaServer.header(first, "type"));
  }

  @Test
  void message_withoutAKey_hasARecordWithoutOne() throws Exception {
    String topic = topic(3, Map.of());
    Sink sink = connect(server.uri(topic), "");
    sink.send(List.of(Messages.labelled(1, "{}", keyed(null)), Messages.small(2)));
    assertAllTaken(2);
    assertTrue(server.read(topic).stream().allMatch(stored -> stored.key() == null));
  }

  @Test
  void event_inBinaryMode_hasItsAttributesAsHeadersAndItsDataAsValue() throws Exception {
    String topic = topic(1, Map.of());
    Sink sink =
        transport()
            .connect(
                Destinations.in(
                    Format.CLOUDEVENTS, server.uri(topic), "{\"cloudevents_mode\":\"binary\"}"),
                heard);
    heard.awaitConnected();
    sink.send(
        List.of(
            Messages.labelled(
                1,
                "{\"specversion\":\"1.0\",\"id\":\"1-0\",\"subject\":\"grün %\","
                    + "\"datacontenttype\":\"application/json\",\"data\":{\"a\": 1.50}}",
                LABEL)));
    assertAllTaken(1);
    ConsumerRecord<byte[], byte[]> stored = server.read(topic).get(0);
    assertEquals("{\"a\": 1.50}", KafkaServer.text(stored));
    assertEquals("1.0", KafkaServer.header(stored, "ce_specversion"));
    assertEquals("1-0", KafkaServer.header(stored, "ce_id"));
    assertEquals("grün %", KafkaServer.header(stored, "ce_subject"));
    assertEquals("application/json", KafkaServer.header(stored, "content-type"));
    assertEquals("3", KafkaServer.header(stored, "epoch"));
  }

  @Test
  void event_inStructuredMode_saysSo() throws Exception {
    String topic = topic(1, Map.of());
    Sink sink =
        transport().connect(Destinations.in(Format.CLOUDEVENTS, server.uri(topic), "{}"), heard);
    heard.awaitConnected();
    sink.send(List.of(Messages.labelled(1, "{\"specversion\":\"1.0\"}", LABEL)));
    assertAllTaken(1);
    assertEquals(
        "application/cloudevents+json; charset=UTF-8",
        KafkaServer.header(server.read(topic).get(0), "content-type"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "snappy", "lz4", "zstd"})
  void messages_compressed_areRead(String compression) throws Exception {
    String topic = topic(1, Map.of());
    Sink sink = connect(server.uri(topic), "\"compression\":\"" + compression + "\"");
    sink.send(Messages.range(1, 100));
    assertAllTaken(100);
    assertEquals(100, server.read(topic).size());
  }

  // What is refused, alone. -----------------------------------------------------------------------

  private Map<Long, Answer> byId() {
    Map<Long, Answer> all = new HashMap<>();
    heard.answers().forEach(answer -> all.put(answer.id(), answer));
    return all;
  }

  @Test
  void topic_thatIsMissing_isRefusedInWordsAndHoldsUpNoOther() throws Exception {
    String topic = topic(1, Map.of());
    Sink sink = connect(server.uri("{key}"), "");
    sink.send(
        List.of(
            Messages.labelled(1, "{}", keyed("absent")),
            Messages.labelled(2, "{}", keyed(topic)),
            Messages.labelled(3, "{}", keyed("absent too"))));
    heard.awaitAnswers(1);
    assertEquals(2, heard.answers().get(0).id());
    assertTrue(heard.answers().get(0) instanceof Answer.Acked, heard.toString());
    heard.awaitAnswers(3);
    assertEquals("the cluster has no topic 'absent'", ((Answer.Nacked) byId().get(1L)).reason());
    assertEquals(
        "the cluster has no topic 'absent_too'", ((Answer.Nacked) byId().get(3L)).reason());
    server.topic("absent", 1, Map.of());
    sink.send(List.of(Messages.labelled(1, "{}", keyed("absent"))));
    heard.awaitAnswers(4);
    assertTrue(heard.answers().get(3) instanceof Answer.Acked, heard.toString());
  }

  @Test
  void topic_thatTheBrokerMakes_isWaitedFor() throws Exception {
    server.program().kill();
    server.start(Map.of("auto.create.topics.enable", "true"));
    try {
      String topic = "made-" + ++topics;
      Sink sink = connect(server.uri(topic), "");
      sink.send(Messages.range(1, 10));
      assertAllTaken(10);
      assertEquals(10, server.read(topic).size());
    } finally {
      server.program().kill();
      server.start();
    }
  }

  @Test
  void message_overTheTopicsLimit_isRefusedAlone() throws Exception {
    String topic = topic(1, Map.of("max.message.bytes", "2000"));
    Sink sink = connect(server.uri(topic), "");
    sink.send(
        List.of(
            Messages.small(1),
            Messages.of(2, "x".repeat(5_000)),
            Messages.small(3),
            Messages.of(4, "x".repeat(40_000_000)),
            Messages.small(5)));
    heard.awaitAnswers(5);
    Set<Long> refused = new HashSet<>();
    byId()
        .forEach(
            (id, answer) -> {
              if (answer instanceof Answer.Nacked) {
                refused.add(id);
              }
            });
    assertEquals(Set.of(2L, 4L), refused, heard.toString());
    assertTrue(byId().get(2L).toString().contains("larger than the max"), heard.toString());
    assertFalse(heard.isClosed());
  }

  /** The broker refuses the whole batch, and says which record is to blame. */
  @Test
  void record_thatTheTopicRefuses_isRefusedAloneOutOfItsBatch() throws Exception {
    String topic = topic(1, Map.of("cleanup.policy", "compact"));
    Sink sink = connect(server.uri(topic), "");
    List<Message> messages = new ArrayList<>();
    for (long id = 1; id <= 200; id++) {
      messages.add(Messages.labelled(id, "{}", keyed(id % 40 == 0 ? null : "k" + id)));
    }
    sink.send(messages);
    heard.awaitAnswers(200);
    assertEquals(200, heard.answers().size());
    byId()
        .forEach(
            (id, answer) ->
                assertEquals(id % 40 == 0, answer instanceof Answer.Nacked, answer.toString()));
    assertTrue(byId().get(40L).toString().contains("without key"), byId().get(40L).toString());
    assertEquals(195, server.read(topic).size());
  }

  @Test
  void topic_thatTheLoginMayNotWriteTo_isRefusedInWords() throws Exception {
    String hidden = topic(1, Map.of());
    String forbidden = topic(1, Map.of());
    String topic = topic(1, Map.of());
    server.acl(hidden, AclOperation.WRITE, AclPermissionType.DENY);
    server.acl(forbidden, AclOperation.WRITE, AclPermissionType.DENY);
    server.acl(forbidden, AclOperation.DESCRIBE, AclPermissionType.ALLOW);
    Sink sink = connect(server.loginUri("{key}"), LOGIN);
    sink.send(
        List.of(
            Messages.labelled(1, "{}", keyed(hidden)),
            Messages.labelled(2, "{}", keyed(forbidden)),
            Messages.labelled(3, "{}", keyed(topic))));
    heard.awaitAnswers(3);
    assertEquals(
        "the cluster does not let this login write to the topic '" + hidden + "'",
        ((Answer.Nacked) byId().get(1L)).reason());
    assertEquals(
        "the broker refuses it: Not authorized to access topics: [" + forbidden + "]",
        ((Answer.Nacked) byId().get(2L)).reason());
    assertTrue(byId().get(3L) instanceof Answer.Acked, heard.toString());
  }

  // Not now. --------------------------------------------------------------------------------------

  @Test
  void broker_thatStalls_isSlowAndNoMessageIsToBlame() throws Exception {
    String topic = topic(1, Map.of());
    Sink sink =
        transport()
            .connect(Destinations.waiting(server.uri(topic), Duration.ofSeconds(5), "{}"), heard);
    heard.awaitConnected();
    sink.send(List.of(Messages.small(1)));
    heard.awaitAnswers(1);
    server.program().signal("STOP");
    try {
      sink.send(Messages.range(2, 11));
      Await.until("told", () -> heard.isClosed() || heard.answers().size() == 11);
    } finally {
      server.program().signal("CONT");
    }
    assertTrue(
        heard.answers().stream()
            .allMatch(answer -> answer.id() == 1 || answer instanceof Answer.Deferred),
        heard.toString());
    if (heard.isClosed()) {
      heard.awaitClosed(Fault.NONE);
    }
  }

  /** Far more than the library may hold: the rest waits, and none is refused. */
  @Test
  void messages_thatFindNoRoomInTheBuffer_waitAndAreDelivered() throws Exception {
    String topic = topic(1, Map.of());
    Sink sink = connect(server.uri(topic), "");
    sink.send(List.of(Messages.small(1)));
    assertAllTaken(1);
    server.program().signal("STOP");
    try {
      for (long id = 2; id <= 101; id++) {
        sink.send(List.of(Messages.of(id, "x".repeat(700_000))));
      }
    } finally {
      server.program().signal("CONT");
    }
    assertAllTaken(101);
    assertEquals(101, server.read(topic).size());
  }

  @Test
  void broker_thatIsKilled_endsTheSinkAndBlamesNobody() throws Exception {
    String topic = topic(1, Map.of());
    Sink sink = connect(server.uri(topic), "");
    server.program().signal("STOP");
    sink.send(List.of(Messages.small(1)));
    server.program().kill();
    try {
      String reason = heard.awaitClosed(Fault.NONE);
      assertTrue(
          reason.contains("127.0.0.1:" + server.port() + ": cannot be connected to"), reason);
      assertEquals(List.of(), heard.answers());
      RecordedSink down = new RecordedSink();
      transport().connect(at(server.uri(topic), ""), down);
      String unreachable = down.awaitClosed(Fault.UNREACHABLE);
      assertTrue(unreachable.contains("cannot be connected to"), unreachable);
    } finally {
      server.start();
    }
    RecordedSink again = new RecordedSink();
    Sink next = transport().connect(at(server.uri(topic), ""), again);
    again.awaitConnected();
    next.send(List.of(Messages.small(1)));
    again.awaitAnswers(1);
    assertTrue(again.answers().get(0) instanceof Answer.Acked);
  }

  // Connections, logging in, TLS. -----------------------------------------------------------------

  @Test
  void address_thatIsNotAllowed_isNotConnectedTo() throws Exception {
    transport((host, address) -> false, secrets("p")).connect(at(server.uri("a"), ""), heard);
    String reason = heard.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("may connect to"), reason);
  }

  /** The broker that is advertised is another one than the uri names. */
  @Test
  void broker_advertisedAtAnAddressThatIsNotAllowed_isNotConnectedTo() throws Exception {
    String topic = topic(1, Map.of());
    InetAddress allowed = InetAddress.getByName("127.0.0.1");
    Sink sink =
        transport((host, address) -> address.equals(allowed), secrets("p"))
            .connect(
                Destinations.waiting(server.elsewhereUri(topic), Duration.ofSeconds(5), "{}"),
                heard);
    heard.awaitConnected();
    sink.send(List.of(Messages.small(1)));
    heard.awaitAnswers(1);
    String said = heard.answers().get(0).toString();
    assertTrue(heard.answers().get(0) instanceof Answer.Deferred, said);
    assertTrue(
        said.contains("127.0.0.2:") && said.contains("among those that the relay may connect to"),
        said);
    assertEquals(List.of(), server.read(topic));
  }

  @Test
  void secret_thatIsNotForTheAdvertisedHost_isNotUsedThere() throws Exception {
    String topic = topic(1, Map.of());
    Path secrets = secrets(KafkaServer.PASSWORD);
    Files.writeString(secrets.resolve("p.hosts"), "127.0.0.1");
    Sink sink =
        transport(AddressPolicy.ANY, secrets)
            .connect(
                Destinations.waiting(
                    server.loginUri(topic), Duration.ofSeconds(5), "{" + LOGIN + "}"),
                heard);
    heard.awaitConnected();
    sink.send(List.of(Messages.small(1)));
    heard.awaitAnswers(1);
    String said = heard.answers().get(0).toString();
    assertTrue(said.contains("the secret 'p' may not be used for localhost"), said);
  }

  @Test
  void host_secondOfTwo_isUsedWhenTheFirstIsDown() throws Exception {
    String topic = topic(1, Map.of());
    Sink sink =
        connect(
            "kafka://127.0.0.1:" + Ports.free() + ",127.0.0.1:" + server.port() + "/" + topic, "");
    sink.send(List.of(Messages.small(1)));
    assertAllTaken(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"})
  void login_withARightAndAWrongPassword_isTakenAndRefusedInWords(String mechanism)
      throws Exception {
    String topic = topic(1, Map.of());
    String options = LOGIN + ",\"sasl_mechanism\":\"" + mechanism + "\"";
    Sink sink = connect(server.loginUri(topic), options);
    sink.send(List.of(Messages.small(1)));
    assertAllTaken(1);
    RecordedSink refused = new RecordedSink();
    transport(AddressPolicy.ANY, secrets("wrong"))
        .connect(at(server.loginUri(topic), options), refused);
    String reason = refused.awaitClosed(Fault.UNREACHABLE);
    assertTrue(reason.contains("the broker refuses the login"), reason);
    assertFalse(reason.contains("wrong"), reason);
  }

  private String end(String uri, String options) throws Exception {
    RecordedSink listener = new RecordedSink();
    transport().connect(at(uri, options), listener);
    return listener.awaitClosed(Fault.UNREACHABLE);
  }

  /** Who has none, and who has one of somebody else, gets no message in. */
  @Test
  void certificate_ofTheRelay_isWhatTheBrokerKnowsItBy() throws Exception {
    String topic = topic(1, Map.of());
    String ca = "\"tls_ca\":\"" + server.ca() + "\"";
    Sink sink = connect(server.mutualUri(topic), identified(ca, server.cert(), server.key()));
    sink.send(List.of(Messages.small(1)));
    assertAllTaken(1);
    String none = end(server.mutualUri(topic), ca);
    assertTrue(none.contains("TLS") || none.contains("SSL"), none);
    Certificates.Identity stranger = new Certificates("stranger").forLocalhost();
    Path cert = Certificates.writeCertificate(stranger.certificate(), directory.resolve("c.pem"));
    Path key = Certificates.writeKey(stranger.key(), directory.resolve("k.pem"));
    String other = end(server.mutualUri(topic), identified(ca, cert, key));
    assertTrue(other.contains("TLS") || other.contains("SSL"), other);
  }

  private static String identified(String ca, Path cert, Path key) {
    return ca + ",\"tls_cert\":\"" + cert + "\",\"tls_key\":\"" + key + "\"";
  }

  @Test
  void certificate_isHeldAgainstTheAuthorityAndTheName() throws Exception {
    String topic = topic(1, Map.of());
    String ca = LOGIN + ",\"tls_ca\":\"" + server.ca() + "\"";
    Sink sink = connect(server.secureUri(topic), ca);
    sink.send(List.of(Messages.small(1)));
    assertAllTaken(1);
    String unknown = end(server.secureUri(topic), LOGIN);
    assertTrue(unknown.contains("not signed by a CA"), unknown);
    String named = end(server.secureUri(topic), ca + ",\"tls_server_name\":\"other.example.com\"");
    assertTrue(named.contains("is not for 'other.example.com'"), named);
  }

  @Test
  void protocol_thatTheBrokerDoesNotSpeak_isToldInWords() throws Exception {
    String plain = end(server.uri("a").replace("kafka:", "tls+kafka:"), "");
    assertTrue(plain.contains("TLS"), plain);
    String secure = end(server.secureUri("a").replace("tls+kafka:", "kafka:"), LOGIN);
    assertTrue(secure.contains("TLS"), secure);
    String noLogin = end(server.loginUri("a"), "");
    assertTrue(noLogin.contains("the connection ended without an answer"), noLogin);
  }

  /** The library's buffer has 32 MB; what a destination has besides is small. */
  private static final long MOST_HEAP_BYTES = 48L << 20;

  private static long heapBytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /** Established ones to this port, of the whole machine. */
  private static int connections(int port) throws IOException {
    String there = String.format(Locale.ROOT, ":%04X 01 ", port);
    int count = 0;
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      for (String line : Files.readAllLines(Path.of(table))) {
        count += line.contains(there) ? 1 : 0;
      }
    }
    return count;
  }

  @Test
  void destinations_aHundredOfOneCluster_shareTwoThreadsTwoConnectionsAndABuffer()
      throws Exception {
    String topic = topic(3, Map.of());
    long heapBefore = heapBytes();
    int connectionsBefore = connections(server.port());
    Transport transport = transport();
    List<RecordedSink> all = new ArrayList<>();
    for (int each = 0; each < 100; each++) {
      RecordedSink listener = new RecordedSink();
      all.add(listener);
      Sink sink = transport.connect(at(server.uri(topic), ""), listener);
      listener.awaitConnected();
      sink.send(Messages.range(1, 10));
    }
    all.forEach(listener -> listener.awaitAnswers(10));
    assertEquals(1, threads("kafka://127.0.0.1:" + server.port()), "the cluster's own");
    assertEquals(1, threads("kafka-producer-network-thread"), "the library's");
    // One that finds out where the brokers are, and one to the broker itself.
    int connections = connections(server.port()) - connectionsBefore;
    assertTrue(connections >= 1 && connections <= 2, () -> connections + " connections");
    long grown = heapBytes() - heapBefore;
    assertTrue(grown < MOST_HEAP_BYTES, () -> grown + " bytes for a hundred destinations");
    all.forEach(listener -> assertFalse(listener.isClosed()));
  }

  private static long threads(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(name))
        .count();
  }

  @Test
  void transport_closed_leavesNoThreadOfTheLibrary() throws Exception {
    Sink sink = connect(server.uri(topic(1, Map.of())), "");
    sink.send(Messages.range(1, 10));
    assertAllTaken(10);
    open.remove(0).close();
    Await.until("ended", () -> threads("kafka-producer-network-thread") == 0);
  }
}
