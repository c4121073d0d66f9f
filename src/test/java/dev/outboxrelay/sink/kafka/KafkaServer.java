// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.JavaProcess;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Program;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A broker of a real Kafka, as a process of its own with all its files in a directory of its own;
 * user relay with the password {@link #PASSWORD}.
 */
public final class KafkaServer implements AutoCloseable {
  /** With what a setting of the library has to escape. */
  static final String PASSWORD = "ri\"g\\h't; =";

  private final Path directory;
  private final int port = Ports.free();
  private final int loginPort = Ports.free();
  private final int securePort = Ports.free();
  private final int elsewherePort = Ports.free();
  private final int controllerPort = Ports.free();
  private final int mutualPort = Ports.free();
  private final int farPort = Ports.free();
  private final FaultProxy network = FaultProxy.to(farPort);
  private final KafkaServer first;
  private final int node;
  private Program program;

  public KafkaServer() throws Exception {
    this(null);
  }

  /**
   * Another broker of a cluster.
   *
   * @param first which the cluster is led by, null for a cluster of its own
   */
  KafkaServer(KafkaServer first) throws Exception {
    this.first = first;
    node = first == null ? 1 : 2;
    directory = Files.createTempDirectory("kafka");
    Certificates authority = new Certificates("kafka");
    Certificates.Identity identity = authority.forLocalhost();
    Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
    Certificates.writeCertificate(identity.certificate(), directory.resolve("cert.pem"));
    Certificates.writeKey(identity.key(), directory.resolve("key.pem"));
    Files.writeString(
        directory.resolve("identity.pem"),
        Files.readString(directory.resolve("key.pem"))
            + Files.readString(directory.resolve("cert.pem")));
    Path settings = settings(Map.of());
    Process format =
        new ProcessBuilder(
                java(
                    "kafka.tools.StorageTool",
                    "format",
                    "-t",
                    "MkU3OEVBNTcwNTJENDM2Qk",
                    "-c",
                    settings.toString(),
                    "--add-scram",
                    "SCRAM-SHA-512=[name=relay,password=" + PASSWORD + "]",
                    "--add-scram",
                    "SCRAM-SHA-256=[name=relay,password=" + PASSWORD + "]"))
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("format.log").toFile())
            .start();
    if (format.waitFor() != 0) {
      throw new AssertionError(Files.readString(directory.resolve("format.log")));
    }
    start();
  }

  private Path settings(Map<String, String> further) throws IOException {
    String plainUser = "required user_relay=" + quoted(PASSWORD) + ";";
    Properties all = new Properties();
    int quorumPort = first == null ? controllerPort : first.controllerPort;
    all.put("process.roles", first == null ? "broker,controller" : "broker");
    all.put("node.id", Integer.toString(node));
    all.put("controller.quorum.voters", "1@127.0.0.1:" + quorumPort);
    // A broker that is killed is missed soon.
    all.put("broker.session.timeout.ms", "3000");
    all.put("broker.heartbeat.interval.ms", "500");
    all.put("replica.lag.time.max.ms", "3000");
    all.put("controller.listener.names", "CONTROLLER");
    all.put("inter.broker.listener.name", "OPEN");
    all.put(
        "listeners",
        "OPEN://127.0.0.1:"
            + port
            + ",LOGIN://127.0.0.1:"
            + loginPort
            + ",SECURE://127.0.0.1:"
            + securePort
            + ",ELSEWHERE://0.0.0.0:"
            + elsewherePort
            + ",MUTUAL://127.0.0.1:"
            + mutualPort
            + ",FAR://127.0.0.1:"
            + farPort
            + (first == null ? ",CONTROLLER://127.0.0.1:" + controllerPort : ""));
    all.put(
        "advertised.listeners",
        "OPEN://127.0.0.1:"
            + port
            + ",LOGIN://localhost:"
            + loginPort
            + ",SECURE://localhost:"
            + securePort
            + ",ELSEWHERE://127.0.0.2:"
            + elsewherePort
            + ",MUTUAL://localhost:"
            + mutualPort
            + ",FAR://127.0.0.1:"
            + network.port());
    all.put(
        "listener.security.protocol.map",
        "OPEN:PLAINTEXT,LOGIN:SASL_PLAINTEXT,SECURE:SASL_SSL,ELSEWHERE:PLAINTEXT,FAR:PLAINTEXT,MUTUAL:SSL,"
            + "CONTROLLER:PLAINTEXT");
    for (String listener : List.of("login", "secure")) {
      String prefix = "listener.name." + listener + ".";
      all.put(prefix + "sasl.enabled.mechanisms", "SCRAM-SHA-512,SCRAM-SHA-256,PLAIN");
      all.put(
          prefix + "plain.sasl.jaas.config",
          "org.apache.kafka.common.security.plain.PlainLoginModule " + plainUser);
      for (String scram : List.of("scram-sha-512", "scram-sha-256")) {
        all.put(
            prefix + scram + ".sasl.jaas.config",
            "org.apache.kafka.common.security.scram.ScramLoginModule required;");
      }
    }
    all.put("listener.name.mutual.ssl.client.auth", "required");
    all.put("ssl.truststore.type", "PEM");
    all.put("ssl.truststore.location", directory.resolve("ca.pem").toString());
    all.put("ssl.keystore.type", "PEM");
    all.put("ssl.keystore.location", directory.resolve("identity.pem").toString());
    all.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
    all.put("super.users", "User:ANONYMOUS");
    all.put("allow.everyone.if.no.acl.found", "true");
    all.put("log.dirs", directory.resolve("data").toString());
    all.put("auto.create.topics.enable", "false");
    all.put("offsets.topic.replication.factor", "1");
    all.put("transaction.state.log.replication.factor", "1");
    all.put("transaction.state.log.min.isr", "1");
    all.put("num.network.threads", "1");
    all.put("num.io.threads", "2");
    all.put("log.cleaner.enable", "false");
    all.putAll(further);
    Path file = directory.resolve("server.properties");
    try (var out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      all.store(out, null);
    }
    return file;
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static List<String> java(String... words) {
    List<String> command =
        new ArrayList<>(List.of(JavaProcess.java(), "-Xmx256m", "-XX:+UseSerialGC"));
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(words));
    return command;
  }

  public void start() throws Exception {
    start(Map.of());
  }

  /** With settings of the test's own. */
  void start(Map<String, String> further) throws Exception {
    program =
        Program.start(
            java("kafka.Kafka", settings(further).toString()),
            Map.of(),
            ProcessBuilder.Redirect.appendTo(errors()));
    try {
      Await.until("Kafka serves", Duration.ofMinutes(2), this::serves);
    } catch (AssertionError e) {
      String said = Files.readString(errors().toPath());
      close();
      throw new AssertionError(said, e);
    }
  }

  private File errors() {
    return directory.resolve("errors").toFile();
  }

  private boolean serves() {
    try (Admin admin = admin()) {
      return admin.describeCluster().nodes().get().stream().anyMatch(each -> each.id() == node);
    } catch (Exception e) {
      LockSupport.parkNanos(100_000_000);
      return false;
    }
  }

  public Program program() {
    return program;
  }

  public String uri(String topic) {
    return "kafka://127.0.0.1:" + port + "/" + topic;
  }

  public int port() {
    return port;
  }

  /** Wants a user. */
  String loginUri(String topic) {
    return "kafka://127.0.0.1:" + loginPort + "/" + topic;
  }

  /** Wants a user, over TLS. */
  String secureUri(String topic) {
    return "tls+kafka://localhost:" + securePort + "/" + topic;
  }

  /** Wants a certificate of the client's, over TLS. */
  String mutualUri(String topic) {
    return "tls+kafka://localhost:" + mutualPort + "/" + topic;
  }

  /** A certificate that it knows, which has the key beside it. */
  Path cert() {
    return directory.resolve("cert.pem");
  }

  Path key() {
    return directory.resolve("key.pem");
  }

  /** Tells that the broker is at 127.0.0.2. */
  String elsewhereUri(String topic) {
    return "kafka://127.0.0.1:" + elsewherePort + "/" + topic;
  }

  /** By a network that a test can disturb. */
  public String farUri(String topic) {
    return "kafka://127.0.0.1:" + network.port() + "/" + topic;
  }

  public FaultProxy network() {
    return network;
  }

  Path ca() {
    return directory.resolve("ca.pem");
  }

  /** A client's settings for it. */
  public Map<String, Object> reach() {
    return Map.of(
        "bootstrap.servers",
        "127.0.0.1:" + port,
        "default.api.timeout.ms",
        5_000,
        "request.timeout.ms",
        5_000);
  }

  Admin admin() {
    return Admin.create(reach());
  }

  /** Makes a topic on each broker that the test has started. */
  public void topic(String name, int partitions, Map<String, String> settings) throws Exception {
    try (Admin admin = admin()) {
      short copies = (short) admin.describeCluster().nodes().get().size();
      admin
          .createTopics(List.of(new NewTopic(name, partitions, copies).configs(settings)))
          .all()
          .get();
    }
  }

  /** A rule for the user relay. */
  void acl(String topic, AclOperation operation, AclPermissionType permission) throws Exception {
    try (Admin admin = admin()) {
      admin
          .createAcls(
              List.of(
                  new AclBinding(
                      new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
                      new AccessControlEntry("User:relay", "*", operation, permission))))
          .all()
          .get();
    }
  }

  /** All that a topic holds now, one partition after the other. */
  List<ConsumerRecord<byte[], byte[]>> read(String topic) {
    List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(reach(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(each -> new TopicPartition(topic, each.partition()))
              .sorted(Comparator.comparing(TopicPartition::partition))
              .toList();
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      for (TopicPartition partition : partitions) {
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        while (consumer.position(partition) < ends.get(partition)) {
          consumer.poll(Duration.ofSeconds(1)).forEach(all::add);
        }
      }
    }
    return all;
  }

  static String text(ConsumerRecord<byte[], byte[]> stored) {
    return new String(stored.value(), StandardCharsets.UTF_8);
  }

  /** A header's value, null when it is not there. */
  static String header(ConsumerRecord<byte[], byte[]> stored, String name) {
    var header = stored.headers().lastHeader(name);
    return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    program.kill();
    network.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
