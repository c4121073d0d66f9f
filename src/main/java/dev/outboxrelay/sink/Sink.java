// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import dev.outboxrelay.values.Message;
import java.util.List;

/**
 * One connection to a destination, as the relay sees it: messages go in, answers and the end come
 * out by the listener.
 */
public interface Sink {

  /**
   * Hands over messages, in order, and flushes. Never blocks. The relay bounds what is unanswered
   * (max_in_flight and a byte budget), so the sink needs no bound of its own. Calls after the end
   * are ignored: the relay has been told by {@link SinkListener#closed}, or is about to be.
   *
   * @param messages not empty
   */
  void send(List<Message> messages);

  /**
   * Closes the connection at once, from any thread, any number of times. {@link
   * SinkListener#closed} follows.
   *
   * @param reason for the log
   */
  void close(String reason);
}
