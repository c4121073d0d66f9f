// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.values;

import java.time.Duration;
import java.util.List;

/** Durations in messages, in the form that people type: {@code 500ms}, {@code 10s}, {@code 1m}. */
public final class Durations {
  private record Unit(String name, Duration length) {}

  private static final List<Unit> UNITS =
      List.of(
          new Unit("d", Duration.ofDays(1)),
          new Unit("h", Duration.ofHours(1)),
          new Unit("m", Duration.ofMinutes(1)),
          new Unit("s", Duration.ofSeconds(1)),
          new Unit("ms", Duration.ofMillis(1)),
          new Unit("us", Duration.ofNanos(1000)));

  private Durations() {}

  /** A whole number of the largest unit that leaves no rest. */
  public static String text(Duration duration) {
    if (duration.isZero()) {
      return "0s";
    }
    if (duration.isNegative()) {
      return "-" + text(duration.negated());
    }
    for (Unit unit : UNITS) {
      long count = duration.dividedBy(unit.length());
      if (unit.length().multipliedBy(count).equals(duration)) {
        return count + unit.name();
      }
    }
    return duration.toNanos() + "ns";
  }
}
