// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import dev.outboxrelay.sink.broker.BrokerRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way from the table to a stream. */
final class NatsDeliveryTest {
  @TempDir Path directory;

  private static List<String> bodies(NatsServer server) throws Exception {
    return server.read("orders").stream().map(NatsServer::text).toList();
  }

  @Test
  void server_thatIsDown_costsNoAttemptAndIsFoundAgain() throws Exception {
    try (NatsServer server = new NatsServer(directory, "")) {
      server.stream("orders", "shop.>");
      server.program().kill();
      try (BrokerRun run = new BrokerRun(server.uri("shop.{key}"), "{}")) {
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

  /** The server is killed and stalled, the relay replaced, while messages are on their way. */
  @Test
  @Tag("full")
  void messages_underFaults_comeInOrderOfTheirKeysAndNoneIsLost() throws Exception {
    Random random = new Random();
    try (NatsServer server = new NatsServer(directory, "")) {
      server.stream("orders", "shop.>");
      try (BrokerRun run = new BrokerRun(server.uri("shop.{key}"), "{}")) {
        run.start();
        Future<?> written = run.publishSlowly(20, 150);
        for (int fault = 0; fault < 12 || !written.isDone(); fault++) {
          Thread.sleep(random.nextInt(600));
          switch (fault % 3) {
            case 0 -> {
              server.program().kill();
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
