// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for a condition, with a deadline. */
public final class Await {
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private Await() {}

  /** A condition that may fail to be asked. */
  public interface Condition {
    boolean holds() throws Exception;
  }

  /** A number that may fail to be asked. */
  public interface Count {
    long now() throws Exception;
  }

  /**
   * Waits as long as a count changes: for work of thousands of steps, whose time says more about
   * the machine than about the work. At most 30 s without a change.
   */
  public static void reaches(String what, long goal, Count count) throws Exception {
    reaches(what, goal, DEADLINE, count);
  }

  /** The same, for a count that changes late, with the longest time without a change. */
  public static void reaches(String what, long goal, Duration patience, Count count)
      throws Exception {
    long last = count.now();
    while (last != goal) {
      long before = last;
      until(what + ": " + before + " of " + goal, patience, () -> count.now() != before);
      last = count.now();
    }
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
    until(() -> what, deadline, condition);
  }

  /** The same, with a message that tells how it stands then. */
  public static void until(Supplier<String> what, Duration deadline, Condition condition)
      throws Exception {
    long end = System.nanoTime() + deadline.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("did not come true within " + deadline + ": " + what.get());
      }
      LockSupport.parkNanos(2_000_000);
    }
  }
}
