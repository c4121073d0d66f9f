// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential backoff with jitter: the n-th delay is drawn between half of and all of initial ·
 * 2^(n−1), capped.
 *
 * @param initial the first delay
 * @param max the cap
 */
public record Backoff(Duration initial, Duration max) {

  /**
   * The delay before try number {@code failures + 1}.
   *
   * @param failures how many tries failed so far, 1 or more
   * @return milliseconds, 1 or more
   */
  public long delayMillis(int failures, RandomGenerator random) {
    long cap = Math.max(1, max.toMillis());
    long full = Math.max(1, initial.toMillis());
    for (int i = 1; i < failures && full < cap; i++) {
      full *= 2;
    }
    full = Math.min(full, cap);
    return Math.max(1, full - (long) (random.nextDouble() * full / 2));
  }
}
