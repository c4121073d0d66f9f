// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import java.time.Duration;

/**
 * How many messages may be sent now, of at most so many a second. What was not sent in time may
 * still be sent for a moment, so that a late timer costs nothing; what is older is lost, so that no
 * burst follows a quiet hour. Decides only: it is told the time.
 */
final class Rate {
  private static final long SECOND_NANOS = Duration.ofSeconds(1).toNanos();

  /** So much of what was not sent may be made up for, and one message. */
  private static final long MOMENT_NANOS = Duration.ofMillis(50).toNanos();

  /** No more often than so a timer has the next ones sent. */
  private static final long SHORTEST_WAIT_MILLIS = 10;

  private static final long MILLI_NANOS = Duration.ofMillis(1).toNanos();

  private final long intervalNanos;

  /** When the last message would have been sent, had all been sent at even distances. */
  private long lastNanos;

  /**
   * @param perSecond at least 1
   */
  Rate(int perSecond, long nowNanos) {
    intervalNanos = (SECOND_NANOS + perSecond - 1) / perSecond;
    lastNanos = nowNanos - intervalNanos;
  }

  /** So many may be sent now. */
  int available(long nowNanos) {
    long most = intervalNanos + MOMENT_NANOS;
    if (nowNanos - lastNanos > most) {
      lastNanos = nowNanos - most;
    }
    return (int) Math.max(0, (nowNanos - lastNanos) / intervalNanos);
  }

  void sent(int messages) {
    lastNanos += messages * intervalNanos;
  }

  /** After so long more may be sent. */
  long waitMillis(long nowNanos) {
    long nanos = lastNanos + intervalNanos - nowNanos;
    return Math.max(SHORTEST_WAIT_MILLIS, (nanos + MILLI_NANOS - 1) / MILLI_NANOS);
  }
}
