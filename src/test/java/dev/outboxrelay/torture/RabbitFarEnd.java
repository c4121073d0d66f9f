// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.GetResponse;
import dev.outboxrelay.sink.amqp.RabbitServer;
import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.Wire;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A RabbitMQ; a durable queue a destination. It tells no times, so a message has come when it is
 * read. A reader's acknowledgement may be lost: what is handed out once more is no repeat of the
 * relay's.
 */
final class RabbitFarEnd implements FarEnd {
  private static final int READ_AT_ONCE = 200;

  private final RabbitServer server = new RabbitServer();
  private final FaultProxy network = FaultProxy.to(server.port());
  private final Path secrets;
  private final String queueType;
  private final Set<String> taken = new HashSet<>();

  RabbitFarEnd(Path secrets, String queueType) throws Exception {
    this.queueType = queueType;
    this.secrets = Files.createDirectories(secrets);
    Files.writeString(secrets.resolve("rabbit"), "right");
  }

  @Override
  public void prepare(String destination) throws Exception {
    server.queue(destination, Map.of("x-queue-type", queueType));
  }

  @Override
  public String uri(String destination) {
    return "amqp://127.0.0.1:" + network.port();
  }

  @Override
  public String options(String destination) {
    return "{\"user\": \"relay\", \"password\": {\"secret\": \"rabbit\"}}";
  }

  @Override
  public List<String> relayFlags() {
    return List.of("--secrets-dir", secrets.toAbsolutePath().toString());
  }

  @Override
  public FaultProxy network() {
    return network;
  }

  @Override
  public void kill() throws Exception {
    server.kill();
  }

  @Override
  public void start() throws Exception {
    server.start();
  }

  @Override
  public void freeze() throws Exception {
    server.signal("STOP");
  }

  @Override
  public void proceed() throws Exception {
    server.signal("CONT");
  }

  @Override
  public void read(String destination, Taker taker) throws Exception {
    try (Connection connection = server.client();
        Channel channel = connection.createChannel()) {
      int unanswered = 0;
      for (GetResponse next = channel.basicGet(destination, false);
          next != null;
          next = channel.basicGet(destination, false)) {
        String body = new String(next.getBody(), StandardCharsets.UTF_8);
        boolean known = !taken.add(destination + " " + Wire.id(body));
        if (!known || !next.getEnvelope().isRedeliver()) {
          taker.take(destination, body, System.nanoTime());
        }
        if (++unanswered == READ_AT_ONCE) {
          channel.basicAck(next.getEnvelope().getDeliveryTag(), true);
          unanswered = 0;
        }
      }
      if (unanswered > 0) {
        channel.basicAck(0, true);
      }
    }
  }

  @Override
  public String description() throws Exception {
    try (Connection connection = server.client()) {
      return "RabbitMQ "
          + connection.getServerProperties().get("version")
          + ", a durable queue of the type "
          + queueType;
    }
  }

  @Override
  public void close() throws Exception {
    network.close();
    server.close();
  }
}
