// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import dev.outboxrelay.sink.broker.BrokerRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way from the table to a queue. */
@Tag("full")
final class AmqpDeliveryTest {
  @TempDir Path directory;

  /** The broker is killed and stalled, the relay replaced, while messages are on their way. */
  @Test
  void messages_underFaults_comeInOrderOfTheirKeysAndNoneIsLost() throws Exception {
    Random random = new Random();
    Files.writeString(directory.resolve("p"), "right");
    try (RabbitServer server = new RabbitServer()) {
      server.queue("orders", Map.of());
      try (BrokerRun run =
          new BrokerRun(
              server.uri(),
              "{\"user\":\"relay\",\"password\":{\"secret\":\"p\"},\"routing_key\":\"orders\"}",
              directory)) {
        run.start();
        Future<?> written = run.publishSlowly(20, 150);
        for (int fault = 0; fault < 6 || !written.isDone(); fault++) {
          Thread.sleep(random.nextInt(600));
          switch (fault % 3) {
            case 0 -> {
              server.kill();
              run.awaitDown();
              server.start();
            }
            case 1 -> {
              server.signal("STOP");
              Thread.sleep(random.nextInt(3_000));
              server.signal("CONT");
            }
            default -> run.restart();
          }
        }
        written.get();
        run.awaitNothingOwed();
        BrokerRun.check(server.drain("orders").stream().map(RabbitServer::text).toList(), 20, 150);
      }
    }
  }
}
