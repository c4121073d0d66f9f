// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.sink.broker.BrokenListener;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.impl.NatsMessage;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A lane on a connection that the test answers for. */
final class NatsLaneTest {
  private final BrokenListener events = new BrokenListener();
  private final CompletableFuture<Message> reply = new CompletableFuture<>();

  private final NatsLane lane =
      new NatsLane(connection(), NatsSubject.parse("shop"), false, Destinations.at(1), events);

  private Connection connection() {
    return (Connection)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> answer(method.getName()));
  }

  private @Nullable Object answer(String method) {
    return switch (method) {
      case "requestWithTimeout" -> reply;
      case "getMaxPayload" -> 1_000_000L;
      default -> null;
    };
  }

  @Test
  void error_overAnAcknowledgement_isToldAtOnce() throws Exception {
    lane.publish(Messages.small(1));
    reply.complete(
        new NatsMessage(
            "inbox", null, "{\"stream\":\"s\",\"seq\":1}".getBytes(StandardCharsets.UTF_8)));
    assertEquals(List.of(events.error), events.told);
  }

  @Test
  void error_overARefusal_isToldAtOnce() throws Exception {
    lane.publish(Messages.small(1));
    reply.complete(new NatsMessage("inbox", null, "no stream".getBytes(StandardCharsets.UTF_8)));
    assertEquals(List.of(events.error), events.told);
  }
}
