// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.SecretsDir;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.all.Transports;
import dev.outboxrelay.sink.amqp.RabbitServer;
import dev.outboxrelay.sink.kafka.KafkaServer;
import dev.outboxrelay.sink.nats.NatsServer;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.Program;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.Driver;

/**
 * The consumers of examples/brokers as they stand, each with its broker: what comes twice is done
 * once, and what is done is in order. Skipped where their packages cannot be had.
 */
@Tag("full")
final class BrokerExamplesTest {
  private static final int MESSAGES = 30;
  private static final Duration WITHIN = Duration.ofSeconds(90);

  @TempDir static Path packages;
  @TempDir Path directory;

  @BeforeAll
  static void install() throws Exception {
    assumeTrue(Program.exists("npm"), "npm is not installed: the examples of brokers are skipped");
    Process npm =
        new ProcessBuilder(
                "npm", "install", "--no-audit", "--no-fund", "kafkajs", "pg", "nats", "amqplib")
            .directory(packages.toFile())
            .redirectErrorStream(true)
            .redirectOutput(packages.resolve("npm.log").toFile())
            .start();
    assumeTrue(
        npm.waitFor(3, TimeUnit.MINUTES) && npm.exitValue() == 0,
        "npm cannot get the packages: the examples of brokers are skipped");
  }

  @Test
  void kafkaExample_withRepeats_doesEachOnceInOrder() throws Exception {
    try (KafkaServer server = new KafkaServer()) {
      server.topic("shop.public.orders", 1, Map.of());
      check(
          "kafka.js",
          Map.of("KAFKA_BROKER", "127.0.0.1:" + server.port()),
          server.uri("shop.public.orders"),
          "{}");
    }
  }

  @Test
  void natsExample_withRepeats_doesEachOnceInOrder() throws Exception {
    // It makes the same stream; the server drops most repeats by itself.
    try (NatsServer server = new NatsServer(directory, "")) {
      server.stream("ORDERS", "shop.>");
      check(
          "nats.js",
          Map.of("NATS_URL", "127.0.0.1:" + server.port()),
          server.uri("shop.orders"),
          "{}");
    }
  }

  @Test
  void rabbitExample_withRepeats_doesEachOnceInOrder() throws Exception {
    try (RabbitServer server = new RabbitServer()) {
      server.queue("shop", Map.of());
      check(
          "rabbitmq.js",
          Map.of("AMQP_URL", "amqp://relay:right@127.0.0.1:" + server.port()),
          "amqp://127.0.0.1:" + server.port(),
          "{\"routing_key\":\"shop\",\"user\":\"relay\",\"password\":{\"secret\":\"p\"}}");
    }
  }

  private void check(String example, Map<String, String> environment, String uri, String options)
      throws Exception {
    Path script = packages.resolve(example);
    Files.copy(Path.of("examples/brokers", example), script);
    try (TestDatabase db = TestDatabase.createEmpty()) {
      db.execute("create table seen (id text primary key)", "create table orders (body jsonb)");
      db.execute("alter table orders add column number bigserial");
      send(uri, options);
      Map<String, String> all = new HashMap<>(environment);
      all.putAll(client(db));
      try (Program consumer = Program.start(List.of("node", script.toString()), all)) {
        Await.until(
            "all orders are done",
            WITHIN,
            () -> db.count("select count(*) from orders") >= MESSAGES);
        // What is behind the repeats shows that these were passed over.
        send(uri, options);
        sendLast(uri, options);
        Await.until(
            "the last one is done",
            WITHIN,
            () -> db.count("select count(*) from seen where id = 'last'") == 1);
        assertEquals(MESSAGES + 1, db.count("select count(*) from orders"));
        assertEquals(
            0,
            db.count(
                "select count(*) from (select (body->>'n')::int as n, lag((body->>'n')::int)"
                    + " over (order by number) as before from orders) o where n <= before"));
      }
    }
  }

  private void send(String uri, String options) throws Exception {
    List<Message> messages = new ArrayList<>();
    for (int n = 1; n <= MESSAGES; n++) {
      messages.add(Messages.of(n, "{\"id\":\"" + n + "\",\"new\":{\"n\":" + n + "}}"));
    }
    send(uri, options, messages);
  }

  private void sendLast(String uri, String options) throws Exception {
    int n = MESSAGES + 1;
    send(uri, options, List.of(Messages.of(n, "{\"id\":\"last\",\"new\":{\"n\":" + n + "}}")));
  }

  private void send(String uri, String options, List<Message> messages) throws Exception {
    Path secrets = Files.createDirectories(directory.resolve("secrets"));
    Files.writeString(secrets.resolve("p"), "right");
    try (Transport transport = Transports.open(1, AddressPolicy.ANY, new SecretsDir(secrets))) {
      RecordedSink heard = new RecordedSink();
      Sink sink = transport.connect(Destinations.at(uri, Framing.NDJSON, Ack.LINE, options), heard);
      heard.awaitConnected();
      // One after the other: they have no key that would keep them in order.
      for (int each = 0; each < messages.size(); each++) {
        sink.send(List.of(messages.get(each)));
        heard.awaitAnswers(each + 1);
      }
    }
  }

  private static Map<String, String> client(TestDatabase db) throws IOException {
    Properties url = Driver.parseURL(db.url(), null);
    return Map.of(
        "PGHOST", url.getProperty("PGHOST"),
        "PGPORT", url.getProperty("PGPORT"),
        "PGDATABASE", url.getProperty("PGDBNAME"),
        "PGUSER", db.user(),
        "PGPASSWORD", db.password());
  }
}
