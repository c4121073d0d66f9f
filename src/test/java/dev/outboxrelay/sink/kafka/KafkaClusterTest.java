// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.all.Transports;
import dev.outboxrelay.sink.broker.BrokerRun;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.RecordedSink;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two brokers, of which one is killed. */
@Tag("full")
final class KafkaClusterTest {
  private static KafkaServer first;
  private static KafkaServer second;

  @BeforeAll
  static void start() throws Exception {
    first = new KafkaServer();
    second = new KafkaServer(first);
  }

  @AfterAll
  static void stop() throws Exception {
    if (second != null) {
      second.close();
    }
    if (first != null) {
      first.close();
    }
  }

  @Test
  void topic_withTooFewReplicas_defersAndGoesOn() throws Exception {
    first.topic("safe", 2, Map.of("min.insync.replicas", "2"));
    RecordedSink heard = new RecordedSink();
    try (Transport transport = Transports.open(1, AddressPolicy.ANY, Secrets.NONE)) {
      Sink sink =
          transport.connect(
              Destinations.waiting(first.uri("safe"), Duration.ofSeconds(5), "{}"), heard);
      heard.awaitConnected();
      sink.send(Messages.range(1, 10));
      heard.awaitAnswers(10);
      assertTrue(heard.answers().stream().allMatch(answer -> answer instanceof Answer.Acked));
      second.program().kill();
      try {
        sink.send(Messages.range(11, 20));
        heard.awaitAnswers(20);
        assertTrue(
            heard.answers().stream()
                .allMatch(answer -> answer.id() <= 10 || answer instanceof Answer.Deferred),
            heard.toString());
      } finally {
        second.start();
      }
      Await.until(
          "taken",
          () -> {
            int before = heard.answers().size();
            sink.send(List.of(Messages.small(11)));
            heard.awaitAnswers(before + 1);
            return heard.answers().get(before) instanceof Answer.Acked;
          });
      assertFalse(heard.isClosed());
    }
  }

  /** Partitions lose their leaders, and get them back. */
  @Test
  void messages_whileLeadersAreKilled_comeInOrderOfTheirKeysAndNobodyIsCharged() throws Exception {
    first.topic("orders", 6, Map.of());
    try (BrokerRun run = new BrokerRun(first.uri("orders"), "{}")) {
      run.start();
      Future<?> written = run.publishSlowly(20, 100);
      for (int fault = 0; fault < 3 || !written.isDone(); fault++) {
        second.program().kill();
        Thread.sleep(2_000L * fault % 6_000);
        run.assertNobodyCharged();
        second.start();
      }
      written.get();
      run.awaitNothingOwed();
      BrokerRun.check(first.read("orders").stream().map(KafkaServer::text).toList(), 20, 100);
    }
  }
}
