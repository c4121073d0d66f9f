// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.sink.nats.NatsServer;
import dev.outboxrelay.testing.FaultProxy;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.MessageInfo;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.Map;

/** A nats-server with JetStream; a stream in a file a destination. */
final class NatsFarEnd implements FarEnd {
  private final NatsServer server;
  private final FaultProxy network;
  private final Map<String, Long> read = new HashMap<>();

  NatsFarEnd(Path directory) throws Exception {
    server = new NatsServer(Files.createDirectories(directory), "");
    network = FaultProxy.to(server.port());
  }

  @Override
  public void prepare(String destination) throws Exception {
    server.stream(destination, destination);
  }

  @Override
  public String uri(String destination) {
    return "nats://127.0.0.1:" + network.port() + "/" + destination;
  }

  @Override
  public FaultProxy network() {
    return network;
  }

  @Override
  public void kill() throws Exception {
    server.program().kill();
  }

  @Override
  public void start() throws Exception {
    server.start();
  }

  @Override
  public void freeze() throws Exception {
    server.program().signal("STOP");
  }

  @Override
  public void proceed() throws Exception {
    server.program().signal("CONT");
  }

  @Override
  public void read(String destination, Taker taker) throws Exception {
    try (Connection connection = server.client()) {
      JetStreamManagement streams = connection.jetStreamManagement();
      long last = streams.getStreamInfo(destination).getStreamState().getLastSequence();
      for (long at = read.getOrDefault(destination, 0L) + 1; at <= last; at++) {
        MessageInfo message = streams.getMessage(destination, at);
        Duration ago = Duration.between(message.getTime(), ZonedDateTime.now());
        taker.take(
            destination,
            new String(message.getData(), StandardCharsets.UTF_8),
            System.nanoTime() - ago.toNanos());
        read.put(destination, at);
      }
    }
  }

  @Override
  public String description() throws Exception {
    try (Connection connection = server.client()) {
      return "NATS " + connection.getServerInfo().getVersion() + ", a stream in a file, one copy";
    }
  }

  @Override
  public void close() {
    network.close();
    server.close();
  }
}
