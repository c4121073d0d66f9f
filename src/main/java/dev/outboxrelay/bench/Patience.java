// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits in small steps for a number to change, and not for ever. */
final class Patience {
  private static final long STEP_MICROS = 1000;

  private final Duration atMost;
  private long last = Long.MIN_VALUE;
  private long changedAtNanos;

  Patience(Duration atMost) {
    this.atMost = atMost;
  }

  /**
   * Waits a moment.
   *
   * @param now what is expected to change
   * @param complaint when it has not changed for too long
   */
  void await(long now, String complaint) throws TimeoutException, InterruptedException {
    long nanos = System.nanoTime();
    if (now != last) {
      last = now;
      changedAtNanos = nanos;
    } else if (nanos - changedAtNanos > atMost.toNanos()) {
      throw new TimeoutException(complaint + " (nothing new for " + atMost.toSeconds() + " s)");
    }
    TimeUnit.MICROSECONDS.sleep(STEP_MICROS);
  }
}
