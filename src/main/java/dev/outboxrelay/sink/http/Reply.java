// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a receiver has answered.
 *
 * @param words status and the beginning of the body, for a person
 * @param retryAfter when to ask again, if it says so
 */
record Reply(int status, String words, @Nullable Duration retryAfter) {

  /** What becomes of the messages. */
  enum Verdict {
    DELIVERED,
    DEFERRED,
    PAUSED,
    REFUSED
  }

  Verdict verdict() {
    if (status >= 200 && status < 300) {
      return Verdict.DELIVERED;
    }
    return switch (status) {
      case 429, 502, 503, 504 -> Verdict.DEFERRED;
      case 410 -> Verdict.PAUSED;
      default -> Verdict.REFUSED;
    };
  }

  /**
   * The header Retry-After.
   *
   * @param text seconds or a date, null when there is none
   * @param date the answer's own, by whose clock a date is read; null to take the relay's
   * @param now by the relay's clock
   * @return null when there is none that can be read
   */
  static @Nullable Duration retryAfter(@Nullable String text, @Nullable String date, Instant now) {
    if (text == null) {
      return null;
    }
    String stripped = text.strip();
    if (stripped.matches("[0-9]{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(stripped));
    }
    Instant then = instant(stripped);
    Instant from = date == null ? null : instant(date.strip());
    if (then == null) {
      return null;
    }
    Duration wait = Duration.between(from == null ? now : from, then);
    return wait.isNegative() ? Duration.ZERO : wait;
  }

  private static @Nullable Instant instant(String text) {
    try {
      return ZonedDateTime.parse(
              text, DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ENGLISH))
          .toInstant();
    } catch (DateTimeParseException e) {
      return null;
    }
  }
}
