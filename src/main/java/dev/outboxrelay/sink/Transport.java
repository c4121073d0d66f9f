// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import dev.outboxrelay.values.Destination;
import java.util.concurrent.CompletableFuture;

/**
 * Makes connections to destinations. One for the whole relay; threads do not grow with
 * destinations.
 */
public interface Transport extends AutoCloseable {

  /**
   * Starts to connect. Returns at once; the outcome is told to the listener: either {@link
   * SinkListener#connected} and later {@link SinkListener#closed}, or {@link SinkListener#closed}
   * alone.
   *
   * @param destination where to, with its timeouts, acknowledgement and framing
   * @param listener hears what happens, on a thread of the transport's
   * @return the connection, not yet connected
   */
  Sink connect(Destination destination, SinkListener listener);

  /**
   * How many messages one of its sinks can make use of at a time; more would wait inside it, and
   * their time for an answer would run.
   */
  default int mostInFlight(Destination destination) {
    return Integer.MAX_VALUE;
  }

  /** Whether messages for one of its sinks are to have a {@link dev.outboxrelay.values.Label}. */
  default boolean labels(Destination destination) {
    return false;
  }

  /** Asks each of its threads to run a task; completes when all have. */
  default CompletableFuture<?> pulse() {
    return CompletableFuture.completedFuture(null);
  }

  /** Closes every connection and ends the transport's threads; waits at most a second. */
  @Override
  void close();
}
