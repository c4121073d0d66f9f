// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

import java.util.random.RandomGenerator;

/**
 * Runs tasks one at a time, now or later, on whichever thread: {@link EventLoop}, or a test's own.
 */
public interface Scheduler {

  /** Runs a task soon, after those that are waiting. May be called from any thread. */
  void execute(Runnable task);

  /**
   * Runs a task later.
   *
   * @param delayMillis 0 or more
   */
  Timer schedule(long delayMillis, Runnable task);

  /** The monotonic clock that delays are measured by. */
  long nanoTime();

  /** What the jitter of delays is drawn by. */
  RandomGenerator random();

  /** A task that waits for its time. */
  interface Timer {
    /** Nothing happens if it has run. */
    void cancel();
  }
}
