// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How often a wrong token is answered at once: a few times, then one each few seconds, from one
 * address; and so many from all together. More are answered after a while, and not logged each. A
 * right token is let in whatever was tried before: all who come by one proxy have its address. Of
 * the addresses a bounded number is remembered, the latest; who uses more of them meets the bound
 * of all. Safe for threads.
 */
final class Attempts {
  static final int BURST = 10;
  static final int BURST_OF_ALL = 100;
  static final Duration ONE_EACH = Duration.ofSeconds(6);
  static final Duration ONE_EACH_OF_ALL = Duration.ofMillis(600);

  /** How long an answer to one too many is held back. */
  static final Duration HELD_BACK = Duration.ofSeconds(2);

  private static final int MOST_ADDRESSES = 1000;

  private final LongSupplier nanos;
  private final Bucket all;
  private final Map<String, Bucket> addresses =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
          return size() > MOST_ADDRESSES;
        }
      };

  Attempts(LongSupplier nanos) {
    this.nanos = nanos;
    all = new Bucket(BURST_OF_ALL, ONE_EACH_OF_ALL);
  }

  /**
   * One from this address was wrong.
   *
   * @return whether it was one too many
   */
  synchronized boolean wrong(String address) {
    Bucket own = addresses.computeIfAbsent(address, a -> new Bucket(BURST, ONE_EACH));
    boolean within = all.left() >= 1 && own.left() >= 1;
    own.take();
    all.take();
    return !within;
  }

  private final class Bucket {
    private final int size;
    private final double aNanosecond;
    private double left;
    private long atNanos;

    Bucket(int size, Duration oneEach) {
      this.size = size;
      aNanosecond = 1.0 / oneEach.toNanos();
      left = size;
      atNanos = nanos.getAsLong();
    }

    double left() {
      long now = nanos.getAsLong();
      left = Math.min(size, left + (now - atNanos) * aNanosecond);
      atNanos = now;
      return left;
    }

    void take() {
      left = Math.max(0, left() - 1);
    }
  }
}
