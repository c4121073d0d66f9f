// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;

/** The figures of several runs, in the order of the runs. */
final class Series {
  private final List<Double> values = new ArrayList<>();

  static Series of(double... values) {
    Series series = new Series();
    Arrays.stream(values).forEach(series::add);
    return series;
  }

  void add(double value) {
    values.add(value);
  }

  List<Double> values() {
    return List.copyOf(values);
  }

  /** Each run's figure by that of the same run of another series. */
  Series over(Series other) {
    if (values.size() != other.values.size()) {
      throw new IllegalArgumentException(
          "series of " + values.size() + " and " + other.values.size() + " runs");
    }
    Series ratios = new Series();
    for (int run = 0; run < values.size(); run++) {
      ratios.add(values.get(run) / other.values.get(run));
    }
    return ratios;
  }

  Series map(DoubleUnaryOperator by) {
    Series mapped = new Series();
    values.forEach(value -> mapped.add(by.applyAsDouble(value)));
    return mapped;
  }

  double median() {
    double[] sorted = sorted();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  double min() {
    return sorted()[0];
  }

  double max() {
    double[] sorted = sorted();
    return sorted[sorted.length - 1];
  }

  private double[] sorted() {
    if (values.isEmpty()) {
      throw new IllegalStateException("a series without a run");
    }
    return values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  /** {@code median (min to max)}; the median alone when there was one run. */
  @Override
  public String toString() {
    if (isUnknown()) {
      return "unknown";
    }
    String median = number(median());
    return values.size() == 1
        ? median
        : median + " (" + number(min()) + " to " + number(max()) + ")";
  }

  /** Whether a run's figure is not known, as the CPU time of a server elsewhere. */
  boolean isUnknown() {
    return values.stream().anyMatch(value -> value.isNaN());
  }

  /** A figure with as many digits as it deserves. */
  static String number(double value) {
    double size = Math.abs(value);
    if (size >= 100 || (size >= 10 && value == Math.rint(value))) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    if (size >= 10) {
      return String.format(Locale.ROOT, "%.1f", value);
    }
    if (size >= 0.1 || size == 0) {
      return String.format(Locale.ROOT, "%.2f", value);
    }
    return String.format(Locale.ROOT, "%.4f", value);
  }
}
