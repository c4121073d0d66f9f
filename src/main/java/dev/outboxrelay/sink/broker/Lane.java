// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.values.Message;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What one destination has of a client. Called on the cluster's thread, but for the obstacle. */
public interface Lane {

  /**
   * Hands a message to the client. What becomes of it is told to the {@link LaneEvents}.
   *
   * @throws IllegalArgumentException when this message cannot be sent, in words: it is refused
   * @throws IOException when the lane can take nothing more
   */
  void publish(Message message) throws IOException, InterruptedException;

  /** Ends it; what is unanswered will not be. */
  void close();

  /** Why the broker may be slow, null when nothing is known. */
  default @Nullable String obstacle() {
    return null;
  }
}
