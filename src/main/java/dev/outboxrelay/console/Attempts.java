// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How often a wrong token may be tried: a few times at once, then one each few seconds, from one
 * address; and so many from all together. A right token costs nothing. Of the addresses a bounded
 * number is remembered, the latest; who uses more of them meets the bound of all. Safe for threads.
 */
final class Attempts {
  static final int BURST = 10;
  static final int BURST_OF_ALL = 100;
  static final Duration ONE_EACH = Duration.ofSeconds(6);
  static final Duration ONE_EACH_OF_ALL = Duration.ofMillis(600);
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

  /** Whether one may be tried now from this address. */
  synchronized boolean mayTry(String address) {
    Bucket own = addresses.get(address);
    return all.left() >= 1 && (own == null || own.left() >= 1);
  }

  /** It was wrong. */
  synchronized void wrong(String address) {
    addresses.computeIfAbsent(address, a -> new Bucket(BURST, ONE_EACH)).take();
    all.take();
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
