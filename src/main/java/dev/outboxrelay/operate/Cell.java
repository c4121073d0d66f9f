// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How a person sees a value: short, and harmless. */
public final class Cell {
  private static final String NOTHING = "-";
  private static final List<String> UNITS = List.of("B", "kB", "MB", "GB", "TB", "PB");

  private Cell() {}

  /** A value of a {@link Row} in one line. */
  public static String text(@Nullable Object value) {
    if (value == null) {
      return NOTHING;
    }
    if (value instanceof Boolean is) {
      return is ? "yes" : "no";
    }
    if (value instanceof Instant time) {
      return time(time);
    }
    if (value instanceof Duration duration) {
      return duration(duration);
    }
    if (value instanceof Json json) {
      return Harmless.text(JsonPrinter.compact(json.text()));
    }
    if (value instanceof BigDecimal number) {
      return number.toPlainString();
    }
    if (value instanceof List<?> list) {
      return list.stream().map(Cell::text).collect(Collectors.joining(", "));
    }
    String text = value.toString();
    return text.isEmpty() ? "\"\"" : Harmless.text(text);
  }

  /** UTC, ISO 8601, to the second. */
  public static String time(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /**
   * The two largest units: {@code 350ms}, {@code 12s}, {@code 3m20s}, {@code 2h5m}, {@code 9d3h}.
   */
  public static String duration(Duration duration) {
    if (duration.isNegative()) {
      return "-" + duration(duration.negated());
    }
    if (duration.isZero()) {
      return "0s";
    }
    if (duration.toSeconds() == 0) {
      return duration.toMillis() == 0
          ? duration.toNanos() / 1000 + "us"
          : duration.toMillis() + "ms";
    }
    if (duration.toMinutes() == 0) {
      return duration.toSeconds() + "s";
    }
    if (duration.toHours() == 0) {
      return two(duration.toMinutes(), "m", duration.toSecondsPart(), "s");
    }
    if (duration.toDays() == 0) {
      return two(duration.toHours(), "h", duration.toMinutesPart(), "m");
    }
    return two(duration.toDays(), "d", duration.toHoursPart(), "h");
  }

  /** To two digits or more, as PostgreSQL's units: {@code 812B}, {@code 8.1kB}, {@code 120MB}. */
  public static String bytes(long bytes) {
    double rest = bytes;
    int unit = 0;
    while (Math.abs(rest) >= 1000 && unit < UNITS.size() - 1) {
      rest /= 1024;
      unit++;
    }
    String number =
        unit == 0 || Math.abs(rest) >= 9.95
            ? String.valueOf(Math.round(rest))
            : String.format(Locale.ROOT, "%.1f", rest);
    return number + UNITS.get(unit);
  }

  private static String two(long large, String unit, int small, String smallUnit) {
    return large + unit + (small == 0 ? "" : small + smallUnit);
  }
}
