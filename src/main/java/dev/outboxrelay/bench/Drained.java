// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

/**
 * A backlog that was drained.
 *
 * @param messages how many
 * @param resumedNanos when the relay was let go
 * @param firstNanos when the first message was received
 * @param completedNanos when the last row was off the table
 */
record Drained(int messages, long resumedNanos, long firstNanos, long completedNanos) {
  /** Messages a second of the whole, the start among it. */
  double perSecond() {
    return messages / ((completedNanos - resumedNanos) / 1e9);
  }

  /** Messages a second from the first one's receipt, so that sizes can be compared. */
  double perSecondOnceStarted() {
    return messages / ((completedNanos - firstNanos) / 1e9);
  }

  /** Milliseconds from the relay's being let go to the first message's receipt. */
  double startMillis() {
    return (firstNanos - resumedNanos) / 1e6;
  }
}
