// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.Arrays;

/** Many durations, by rank. */
final class Percentiles {
  private final long[] sortedNanos;

  Percentiles(long[] nanos) {
    if (nanos.length == 0) {
      throw new IllegalArgumentException("no durations");
    }
    sortedNanos = nanos.clone();
    Arrays.sort(sortedNanos);
  }

  /** Milliseconds that this percentage of the durations does not exceed. */
  double millis(double percent) {
    int rank = (int) Math.ceil(percent / 100 * sortedNanos.length);
    return sortedNanos[Math.max(0, rank - 1)] / 1e6;
  }
}
