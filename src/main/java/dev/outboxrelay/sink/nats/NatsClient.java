// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import dev.outboxrelay.sink.broker.BrokerClient;
import dev.outboxrelay.sink.broker.BrokerUri;
import dev.outboxrelay.sink.broker.Lane;
import dev.outboxrelay.sink.broker.LaneEvents;
import dev.outboxrelay.values.Destination;
import io.nats.client.Connection;

/** A connection to a NATS server. */
final class NatsClient implements BrokerClient {
  private final Connection connection;

  NatsClient(Connection connection) {
    this.connection = connection;
  }

  @Override
  public Lane open(Destination destination, LaneEvents events) {
    BrokerUri uri = NatsOptions.uri(destination.uri());
    return new NatsLane(
        connection,
        NatsSubject.parse(uri.path()),
        NatsOptions.parse(destination.options(), uri.secure()).binary(),
        destination,
        events);
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
