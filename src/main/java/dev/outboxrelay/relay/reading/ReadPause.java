// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

/**
 * How long to wait between two reads of the tail while writers are under way. A read that found
 * something is followed by a pause four times as long, within bounds: reads take a fifth of the
 * time, which leaves the machine to the writers when it is busy, and delays little when it is not.
 * Each pause after that is twice the last, since less and less is to be expected.
 */
final class ReadPause {
  private static final int PAUSE_TO_READ = 4;
  private static final long FIRST_MILLIS = 1;
  private static final long BUSY_MILLIS = 5;
  private static final long LAST_MILLIS = 20;

  private long millis = FIRST_MILLIS;

  /**
   * A read has found something.
   *
   * @param tookNanos from its start to its result
   */
  void found(long tookNanos) {
    long pause = tookNanos * PAUSE_TO_READ / 1_000_000;
    millis = Math.max(FIRST_MILLIS, Math.min(BUSY_MILLIS, pause));
  }

  /** The pause before the next read, in milliseconds; the one after that is longer. */
  long next() {
    long pause = millis;
    millis = Math.min(LAST_MILLIS, millis * 2);
    return pause;
  }
}
