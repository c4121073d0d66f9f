// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import dev.outboxrelay.values.WireId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a receiver said of a message. */
public sealed interface Answer {

  /** The row's id: the first part of what names the message. */
  long id();

  /** The second part. */
  long stamp();

  /** The message's name, as the receiver said it. */
  default WireId wireId() {
    return new WireId(id(), stamp());
  }

  /** Delivered. */
  record Acked(long id, long stamp) implements Answer {}

  /**
   * Everything sent on this connection up to and including this message is delivered: by order of
   * sending, not by id.
   */
  record AckedUpTo(long id, long stamp) implements Answer {}

  /**
   * Refused.
   *
   * @param reason the receiver's words, cut at 1,000 characters, or a default
   * @param retry false: set it aside as failed at once
   * @param retryAfter when to try again, null to leave it to the destination's backoff
   */
  record Nacked(long id, long stamp, String reason, boolean retry, @Nullable Duration retryAfter)
      implements Answer {}

  /**
   * Not now: the destination takes no more at the moment. The message stays owed and nobody is
   * charged; the relay sends nothing more for a while.
   *
   * @param reason the receiver's words, cut at 1,000 characters
   * @param retryAfter how long, null to leave it to the destination's backoff
   */
  record Deferred(long id, long stamp, String reason, @Nullable Duration retryAfter)
      implements Answer {}

  /**
   * Not at all until a person has looked: the destination is to be paused. The message stays owed
   * and nobody is charged.
   *
   * @param reason what the operator is to see, cut at 1,000 characters
   */
  record Paused(long id, long stamp, String reason) implements Answer {}
}
