// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waits for a condition, with a deadline. */
public final class Await {
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private Await() {}

  /** A condition that may fail to be asked. */
  public interface Condition {
    boolean holds() throws Exception;
  }

  /**
   * Waits at most 30 s.
   *
   * @param what for the message, when it does not come true
   */
  public static void until(String what, Condition condition) throws Exception {
    until(what, DEADLINE, condition);
  }

  /** Waits at most for a time. */
  public static void until(String what, Duration deadline, Condition condition) throws Exception {
    long end = System.nanoTime() + deadline.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("did not come true within " + deadline + ": " + what);
      }
      LockSupport.parkNanos(2_000_000);
    }
  }
}
