// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.values.Durations;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which messages a receiver refuses, and what it says.
 *
 * @param everyNth 1 refuses every message, 3 every third, 0 none by count
 * @param text refuses messages in which this is found, null none by text
 * @param reason the reason given to the relay
 * @param retry false asks the relay to set the message aside at once
 * @param retryAfter when the relay is asked to try again, null to leave it to the relay
 */
public record Refusal(
    int everyNth,
    @Nullable Pattern text,
    String reason,
    boolean retry,
    @Nullable Duration retryAfter) {

  public Refusal {
    if (everyNth < 0) {
      throw new IllegalArgumentException("refuse every " + everyNth + ", need 0 or more");
    }
    if (retryAfter != null && retryAfter.isNegative()) {
      throw new IllegalArgumentException(
          "retry after " + Durations.text(retryAfter) + ", need 0s or more");
    }
  }

  /** Refuses every message. */
  public static Refusal all(String reason) {
    return new Refusal(1, null, reason, true, null);
  }

  /** Refuses the messages in which the pattern is found. */
  public static Refusal matching(Pattern text, String reason) {
    return new Refusal(0, text, reason, true, null);
  }
}
