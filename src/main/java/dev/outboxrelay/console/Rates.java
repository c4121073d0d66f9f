// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * What this relay delivers to each destination, counted as it happens and kept for an hour. Costs
 * the database nothing. Told and asked by any thread.
 */
public final class Rates {
  /** How long one point of the history is. */
  static final int POINT_SECONDS = 30;

  /** An hour. */
  static final int POINTS = 120;

  /** Over how long a rate is taken. */
  private static final int RATE_SECONDS = 10;

  private static final long SECOND_NANOS = 1_000_000_000L;

  private final LongSupplier nanos;
  private final Map<String, Counter> counters = new ConcurrentHashMap<>();

  public Rates() {
    this(System::nanoTime);
  }

  Rates(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /**
   * What one destination was delivered lately.
   *
   * @param messages a second
   * @param bytes handed to the connection, a second
   */
  record Rate(double messages, double bytes) {
    static final Rate NONE = new Rate(0, 0);
  }

  /** The receiver acknowledged messages. */
  public void delivered(String destination, long messages) {
    counter(destination).delivered(messages);
  }

  /** Bytes were handed to the connection. */
  public void sent(String destination, long bytes) {
    counter(destination).sent(bytes);
  }

  /** The destinations that there are: what others had is forgotten. */
  public void destinations(Set<String> names) {
    counters.keySet().retainAll(names);
  }

  Rate rate(String destination) {
    Counter counter = counters.get(destination);
    return counter == null ? Rate.NONE : counter.rate();
  }

  /** Messages delivered in each point of the last hour, the oldest first, by destination. */
  Map<String, long[]> history() {
    Map<String, long[]> all = new HashMap<>();
    counters.forEach((name, counter) -> all.put(name, counter.history()));
    return all;
  }

  private Counter counter(String destination) {
    return counters.computeIfAbsent(destination, name -> new Counter());
  }

  /** Rings of seconds and of points; a slot is cleared when its time comes round again. */
  private final class Counter {
    private final long[] seconds = new long[RATE_SECONDS + 1];
    private final long[] bytes = new long[RATE_SECONDS + 1];
    private final long[] points = new long[POINTS];
    private final long startNanos = nanos.getAsLong();
    private long second;

    synchronized void delivered(long messages) {
      forward();
      seconds[(int) (second % seconds.length)] += messages;
      points[(int) (second / POINT_SECONDS % POINTS)] += messages;
    }

    synchronized void sent(long count) {
      forward();
      bytes[(int) (second % bytes.length)] += count;
    }

    /** Clears what has come round since the last time. */
    private void forward() {
      long now = (nanos.getAsLong() - startNanos) / SECOND_NANOS;
      long from = Math.max(second + 1, now - seconds.length + 1);
      for (long s = from; s <= now; s++) {
        seconds[(int) (s % seconds.length)] = 0;
        bytes[(int) (s % bytes.length)] = 0;
      }
      long point = now / POINT_SECONDS;
      for (long p = Math.max(second / POINT_SECONDS + 1, point - POINTS + 1); p <= point; p++) {
        points[(int) (p % POINTS)] = 0;
      }
      second = Math.max(second, now);
    }

    /** Of whole seconds: the one that goes on is left out. */
    synchronized Rate rate() {
      forward();
      long messages = 0;
      long sentBytes = 0;
      for (int n = 0; n < seconds.length; n++) {
        if (n != second % seconds.length) {
          messages += seconds[n];
          sentBytes += bytes[n];
        }
      }
      double over = Math.max(1, Math.min(RATE_SECONDS, second));
      return new Rate(messages / over, sentBytes / over);
    }

    synchronized long[] history() {
      forward();
      long[] copy = new long[POINTS];
      long point = second / POINT_SECONDS;
      for (int n = 0; n < POINTS; n++) {
        long at = point - POINTS + 1 + n;
        copy[n] = at < 0 ? 0 : points[(int) (at % POINTS)];
      }
      return copy;
    }
  }
}
