// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.time.Duration;

/**
 * When the writers wait for the disk as they commit: all of them for three seconds, then none for
 * three. A single session that did would take the others' commits along; so whoever else commits
 * often never waits for it.
 */
final class DiskTimes {
  /** For sessions that commit often beside the writers. */
  static final String NEVER = "set synchronous_commit = off";

  private static final long TURN_NANOS = Duration.ofSeconds(3).toNanos();
  private static final long MUCH_NANOS = TURN_NANOS * 2 / 3;

  private DiskTimes() {}

  /** Whether commits stay in memory. */
  static boolean inMemory(long nanos) {
    return Math.floorMod(nanos, 2 * TURN_NANOS) < TURN_NANOS;
  }

  /** How long it is until commits have stayed in memory for a while: the time for a crash. */
  static Duration untilMuchIsInMemory(long nanos) {
    return Duration.ofNanos(Math.floorMod(MUCH_NANOS - nanos, 2 * TURN_NANOS));
  }
}
