// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The rates of a drain's fifths, run by run. */
final class Fifths {
  static final int PARTS = 5;

  private final List<List<Double>> runs = new ArrayList<>();

  void add(Timeline times) {
    runs.add(times.rates());
  }

  Series first() {
    return part(0);
  }

  Series last() {
    return part(PARTS - 1);
  }

  private Series part(int part) {
    Series series = new Series();
    runs.forEach(rates -> series.add(rates.get(part)));
    return series;
  }

  /** The run whose ratio of last to first is the median, the lower of two. */
  List<Double> medianRun() {
    return runs.stream()
        .sorted(Comparator.comparingDouble(rates -> rates.get(PARTS - 1) / rates.get(0)))
        .toList()
        .get((runs.size() - 1) / 2);
  }

  /** The latest run's rates. */
  @Override
  public String toString() {
    return String.join(", ", runs.get(runs.size() - 1).stream().map(Series::number).toList());
  }
}
