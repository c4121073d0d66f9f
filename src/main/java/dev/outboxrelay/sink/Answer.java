package dev.outboxrelay.sink;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a receiver said of a message. */
public sealed interface Answer {

  /** The message's id. */
  long id();

  /** Delivered. */
  record Acked(long id) implements Answer {}

  /**
   * Everything sent on this connection up to and including this message is delivered: by order of
   * sending, not by id.
   */
  record AckedUpTo(long id) implements Answer {}

  /**
   * Refused.
   *
   * @param reason the receiver's words, cut at 1,000 characters, or a default
   * @param retry false: set it aside as failed at once
   * @param retryAfter when to try again, null to leave it to the destination's backoff
   */
  record Nacked(long id, String reason, boolean retry, @Nullable Duration retryAfter)
      implements Answer {}
}
