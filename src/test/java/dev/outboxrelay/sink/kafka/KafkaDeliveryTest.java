// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.broker.BrokerRun;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The whole way from the table to a topic. */
@Tag("full")
final class KafkaDeliveryTest {

  private static List<String> bodies(KafkaServer server) {
    return server.read("orders").stream().map(KafkaServer::text).toList();
  }

  @Test
  void cluster_thatIsDown_costsNoAttemptAndIsFoundAgain() throws Exception {
    try (KafkaServer server = new KafkaServer()) {
      server.topic("orders", 3, Map.of());
      server.program().kill();
      try (BrokerRun run = new BrokerRun(server.uri("orders"), "{}")) {
        run.publish(5, 1, 20);
        run.start();
        run.awaitDown();
        run.assertNobodyCharged();
        server.start();
        run.awaitNothingOwed();
        BrokerRun.check(bodies(server), 5, 20);
      }
    }
  }

  /** The broker is killed and stalled, the relay replaced, while messages are on their way. */
  @Test
  void messages_underFaults_comeInOrderOfTheirKeysAndNoneIsLost() throws Exception {
    Random random = new Random();
    try (KafkaServer server = new KafkaServer()) {
      server.topic("orders", 3, Map.of());
      try (BrokerRun run = new BrokerRun(server.uri("orders"), "{}")) {
        run.start();
        Future<?> written = run.publishSlowly(20, 150);
        for (int fault = 0; fault < 6 || !written.isDone(); fault++) {
          Thread.sleep(random.nextInt(600));
          switch (fault % 3) {
            case 0 -> {
              server.program().kill();
              run.awaitDown();
              server.start();
            }
            case 1 -> {
              server.program().signal("STOP");
              Thread.sleep(random.nextInt(3_000));
              server.program().signal("CONT");
            }
            default -> run.restart();
          }
        }
        written.get();
        run.awaitNothingOwed();
        BrokerRun.check(bodies(server), 20, 150);
      }
    }
  }
}
