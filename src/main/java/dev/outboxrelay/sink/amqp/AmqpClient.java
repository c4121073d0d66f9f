// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import dev.outboxrelay.sink.broker.BrokerClient;
import dev.outboxrelay.sink.broker.BrokerUri;
import dev.outboxrelay.sink.broker.Lane;
import dev.outboxrelay.sink.broker.LaneEvents;
import dev.outboxrelay.values.Destination;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A connection to a broker; each destination has a channel of it. */
final class AmqpClient implements BrokerClient {
  private static final int CLOSE_MILLIS = 500;

  private final Connection connection;

  /** Why the broker reads nothing from publishers, null when it does. */
  private final AtomicReference<@Nullable String> blocked = new AtomicReference<>();

  AmqpClient(Connection connection) {
    this.connection = connection;
    connection.addBlockedListener(blocked::set, () -> blocked.set(null));
  }

  @Override
  public Lane open(Destination destination, LaneEvents events) throws IOException {
    BrokerUri uri = AmqpOptions.uri(destination.uri());
    AmqpOptions options = AmqpOptions.parse(destination.options(), uri.secure());
    try {
      Channel channel = connection.createChannel();
      if (channel == null) {
        throw new IOException("the broker has no channel left on this connection");
      }
      if (!options.exchange().isEmpty()) {
        channel.exchangeDeclarePassive(options.exchange());
      }
      channel.confirmSelect();
      return new AmqpLane(channel, options, blocked, events);
    } catch (IOException | ShutdownSignalException e) {
      throw new IOException(Closing.words(e), e);
    }
  }

  @Override
  public void close() {
    connection.abort(CLOSE_MILLIS);
  }
}
