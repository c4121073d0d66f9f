// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/** At what moment each equal part of a number of messages was through; counted by one thread. */
final class Timeline {
  private final int parts;
  private final long total;
  private final AtomicLongArray nanos;
  private long count;

  Timeline(int parts, long total) {
    this.parts = parts;
    this.total = total;
    nanos = new AtomicLongArray(parts + 1);
  }

  /** For what does not count, such as a warm-up: its one part never ends. */
  static Timeline endless() {
    return new Timeline(1, Long.MAX_VALUE);
  }

  /** The first part begins. */
  void start() {
    nanos.set(0, System.nanoTime());
  }

  /** One more is through; the first part begins with the first. */
  void count() {
    if (count == 0) {
      start();
    }
    add(1);
  }

  /** So many more are through. */
  void add(int more) {
    int before = part();
    count += more;
    for (int part = before + 1; part <= part(); part++) {
      nanos.set(part, System.nanoTime());
    }
  }

  /** The last part ends later than its last message was counted. */
  void end(long atNanos) {
    nanos.set(parts, atNanos);
  }

  private int part() {
    return (int) (count * parts / total);
  }

  /** Messages a second in each part. */
  List<Double> rates() {
    List<Double> rates = new ArrayList<>();
    for (int part = 1; part <= parts; part++) {
      rates.add((double) total / parts / ((nanos.get(part) - nanos.get(part - 1)) / 1e9));
    }
    return rates;
  }
}
