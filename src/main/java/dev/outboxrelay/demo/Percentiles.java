// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import java.util.Arrays;

/** Percentiles of durations, by nearest rank: each is a value that was measured. */
final class Percentiles {
  private final long[] sortedNanos;

  Percentiles(long[] nanos) {
    sortedNanos = nanos.clone();
    Arrays.sort(sortedNanos);
  }

  int count() {
    return sortedNanos.length;
  }

  /**
   * @param percent more than 0, 100 at most
   * @return milliseconds; not a number when nothing was measured
   */
  double millis(double percent) {
    if (sortedNanos.length == 0) {
      return Double.NaN;
    }
    int rank = (int) Math.ceil(percent / 100 * sortedNanos.length);
    return sortedNanos[Math.max(1, rank) - 1] / 1e6;
  }
}
