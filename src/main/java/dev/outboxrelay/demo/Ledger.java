// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What was committed and what arrived, told apart by a text for each change, such as {@code update
 * 17 paid}: the demo's own account, which the relay has no part in.
 *
 * <p>Threads: the demo's writes and waits, the receiver's enters arrivals; the lock guards all.
 */
final class Ledger {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Map<String, Long> committedNanos = new LinkedHashMap<>();
  private final Map<String, Long> arrivedNanos = new HashMap<>();
  private long repeated;

  /** Enters a change, at the moment at which its COMMIT is sent. */
  void committing(String change) {
    lock.lock();
    try {
      committedNanos.put(change, System.nanoTime());
    } finally {
      lock.unlock();
    }
  }

  /** Enters an arrival that will be acknowledged. */
  void accepted(String change, long nanos) {
    lock.lock();
    try {
      if (arrivedNanos.putIfAbsent(change, nanos) != null) {
        repeated++;
      }
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Milliseconds since a change's COMMIT was sent; not a number when nothing of the kind was
   * committed.
   */
  double millisSinceCommit(String change, long nanos) {
    lock.lock();
    try {
      Long committed = committedNanos.get(change);
      return committed == null ? Double.NaN : millis(nanos - committed);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for arrivals.
   *
   * @return false when they did not all come within the limit
   */
  boolean await(Collection<String> changes, Duration limit) throws InterruptedException {
    long left = limit.toNanos();
    lock.lock();
    try {
      while (!arrivedNanos.keySet().containsAll(changes)) {
        if (left <= 0) {
          return false;
        }
        left = arrived.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** From COMMIT to receipt, of those that arrived. */
  Percentiles latencies(Collection<String> changes) {
    lock.lock();
    try {
      return new Percentiles(
          changes.stream()
              .filter(arrivedNanos::containsKey)
              .mapToLong(c -> arrivedNanos.get(c) - committedNanos.get(c))
              .toArray());
    } finally {
      lock.unlock();
    }
  }

  /** Committed, and not arrived. */
  List<String> missing() {
    lock.lock();
    try {
      return committedNanos.keySet().stream().filter(c -> !arrivedNanos.containsKey(c)).toList();
    } finally {
      lock.unlock();
    }
  }

  /** Arrived, though never committed. */
  List<String> invented() {
    lock.lock();
    try {
      return arrivedNanos.keySet().stream().filter(c -> !committedNanos.containsKey(c)).toList();
    } finally {
      lock.unlock();
    }
  }

  int committed() {
    lock.lock();
    try {
      return committedNanos.size();
    } finally {
      lock.unlock();
    }
  }

  int delivered() {
    lock.lock();
    try {
      return arrivedNanos.size();
    } finally {
      lock.unlock();
    }
  }

  long repeated() {
    lock.lock();
    try {
      return repeated;
    } finally {
      lock.unlock();
    }
  }

  static double millis(long nanos) {
    return nanos / (double) TimeUnit.MILLISECONDS.toNanos(1);
  }
}
