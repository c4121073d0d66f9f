// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.http.WebServer;
import dev.outboxrelay.sink.kafka.KafkaServer;
import dev.outboxrelay.sink.nats.NatsServer;
import dev.outboxrelay.testing.TestServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The bench's scenario with real brokers; {@code -Dbench.runs=5} measures. */
@Tag("alone")
@Tag("full")
@Timeout(3600)
final class TransportsBenchTest {
  @TempDir Path directory;

  @Test
  void transports_withRealBrokers_areMeasuredBesideTcp() throws Exception {
    int runs = Integer.getInteger("bench.runs", 0);
    TestServer server = TestServer.shared();
    try (KafkaServer kafka = new KafkaServer();
        NatsServer nats = new NatsServer(directory, "");
        WebServer web =
            WebServer.forgetful(
                new ServerSocket(0, 200, InetAddress.getLoopbackAddress()),
                request -> WebServer.status(204))) {
      kafka.topic("bench", 6, Map.of());
      nats.stream("bench", "bench");
      StringWriter table = new StringWriter();
      BenchOptions options =
          new BenchOptions(
              new BenchOptions.Server(server.url("postgres"), server.user(), server.password()),
              List.of("transports"),
              Math.max(1, runs),
              runs == 0,
              List.of(kafka.uri("bench"), nats.uri("bench"), web.uri()),
              List.of(),
              directory.resolve("report"));
      boolean met = Bench.run(options, new PrintWriter(System.out), new PrintWriter(table));
      System.out.println(table);
      for (String scheme : List.of("tcp", "kafka", "nats", "http")) {
        assertTrue(table.toString().contains("drain over " + scheme), table.toString());
      }
      assertTrue(met || runs > 0, table.toString());
    }
  }
}
