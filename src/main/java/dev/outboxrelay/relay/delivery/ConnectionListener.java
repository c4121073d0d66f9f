// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import dev.outboxrelay.relay.ordering.QueuedMessage;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A lane, as its connection sees it: where messages to send come from, and answers go. */
public interface ConnectionListener {
  /**
   * Takes what may be sent now off the queue.
   *
   * @param limit so many at most
   * @param bytes no more than these, and one message
   * @param into gets them, in order
   */
  void takeReady(int limit, long bytes, List<QueuedMessage> into);

  /** Delivered. */
  void acknowledged(QueuedMessage entry);

  /**
   * Refused, or charged with the death of a connection.
   *
   * @param retry false: not again
   * @param retryAfter null: by the destination's backoff
   */
  void refused(QueuedMessage entry, String reason, boolean retry, @Nullable Duration retryAfter);

  /** What has come at once was heard, and something of it was an acknowledgement. */
  void answersHeard();

  /** The receiver takes no more at the moment. Nobody is charged. */
  void deferred(QueuedMessage entry);

  /** The receiver wants nothing until a person has looked. Nobody is charged. */
  void paused(QueuedMessage entry);

  /** Their connection ended, and nobody is charged. In the order of sending. */
  void unanswered(List<QueuedMessage> entries);

  /** Its connection ended with it alone in flight, and it is not charged. */
  void suspected(QueuedMessage entry);

  /** Under which it sends. */
  long epoch();

  /** When anything last moved. */
  Moves moves();

  /** The destination was down and is not: reads everything owed. */
  void start();

  /** The destination is down: throws everything in memory away. */
  void reset();

  /** Does whatever can be done now. */
  void pump();
}
