// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import dev.outboxrelay.sink.broker.BrokerClient;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.ErrorListener;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Takes notes of what the library says of a connection, and tells its end. */
final class NatsEvents implements ConnectionListener, ErrorListener {
  private final BrokerClient.Lost lost;
  private volatile @Nullable Throwable problem;
  private volatile @Nullable String error;
  private volatile boolean stands;

  NatsEvents(BrokerClient.Lost lost) {
    this.lost = lost;
  }

  /** What went wrong last. */
  @Nullable Throwable problem() {
    return problem;
  }

  /** From now on, its end is told. */
  void stands(Connection connection) throws IOException {
    stands = true;
    if (connection.getStatus() != Connection.Status.CONNECTED) {
      throw new IOException(reason());
    }
  }

  private String reason() {
    String said = error;
    Throwable why = problem;
    if (said != null) {
      return "the broker ended the connection: " + said;
    }
    return why == null || why.getMessage() == null
        ? "the broker closed the connection"
        : "the connection broke: " + why.getMessage();
  }

  @Override
  @SuppressWarnings("deprecation") // the newer form calls it, and is not to be had without it
  public void connectionEvent(Connection connection, Events type) {
    if (stands && (type == Events.DISCONNECTED || type == Events.CLOSED)) {
      lost.lost(reason());
    }
  }

  @Override
  public void errorOccurred(Connection connection, String said) {
    error = said;
  }

  @Override
  public void exceptionOccurred(Connection connection, Exception exception) {
    if (problem == null) {
      problem = exception;
    }
  }
}
