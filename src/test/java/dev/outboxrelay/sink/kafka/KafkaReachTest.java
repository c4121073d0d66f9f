// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.all.Transports;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RecordedSink;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is told of a cluster that is not there. */
final class KafkaReachTest {
  private final Transport transport = Transports.open(1, AddressPolicy.ANY, Secrets.NONE);
  private final RecordedSink heard = new RecordedSink();

  @AfterEach
  void tearDown() {
    transport.close();
  }

  private String end(String hosts, String options) {
    transport.connect(
        Destinations.at("kafka://" + hosts + "/a", Duration.ofSeconds(2), options), heard);
    return heard.awaitClosed(Fault.UNREACHABLE);
  }

  @Test
  void cluster_whosePortsAreClosed_isNamedWithEach() throws Exception {
    int first = Ports.free();
    int second = Ports.free();
    String reason = end("127.0.0.1:" + first + ",127.0.0.1:" + second, "{}");
    assertTrue(reason.contains("127.0.0.1:" + first + ": cannot be connected to"), reason);
    assertTrue(reason.contains("127.0.0.1:" + second + ": cannot be connected to"), reason);
  }

  @Test
  void peer_thatSaysNothing_isGivenUpAndItsThreadEnds() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String reason = end("127.0.0.1:" + silent.getLocalPort(), "{}");
      assertTrue(reason.contains("no answer of the cluster within 2000 ms"), reason);
    }
    Await.until(
        "ended",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("kafka-producer-network")));
  }

  @Test
  void secret_thatIsNotThere_isNamed() {
    String reason = end("127.0.0.1:1", "{\"user\":\"a\",\"password\":{\"secret\":\"p\"}}");
    assertTrue(reason.contains("the secret 'p' is needed"), reason);
  }

  @Test
  void host_thatIsNotKnown_isToldInWords() {
    assertEquals(
        "kafka://absent.invalid:9092: the host name is not known", end("absent.invalid", "{}"));
  }
}
