// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Notes for how long the machine itself stood still, all of it: a virtual one is at times. A thread
 * that only sleeps for moments wakes late then. What a test has timed meanwhile is too long by
 * that.
 */
public final class Stalls implements AutoCloseable {
  private static final long NAP_NANOS = 20_000_000;

  /** A thread of a busy machine wakes late as well, but not so late. */
  private static final long LEAST_NANOS = 1_000_000_000;

  private final Thread watch = new Thread(this::watch, "stalls");
  private volatile boolean closed;
  private volatile long stalledNanos;

  /** Begins to watch. */
  public Stalls() {
    watch.setDaemon(true);
    watch.setPriority(Thread.MAX_PRIORITY);
    watch.start();
  }

  private void watch() {
    for (long before = System.nanoTime(); !closed; ) {
      LockSupport.parkNanos(NAP_NANOS);
      long now = System.nanoTime();
      if (now - before >= LEAST_NANOS) {
        stalledNanos += now - before;
      }
      before = now;
    }
  }

  /** How long it has stood still in all, since this began. */
  public Duration total() {
    return Duration.ofNanos(stalledNanos);
  }

  @Override
  public void close() throws InterruptedException {
    closed = true;
    watch.join();
  }
}
