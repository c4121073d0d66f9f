// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import org.jspecify.annotations.Nullable;

/**
 * A line of the report.
 *
 * @param what what was measured
 * @param unit the unit of value and baseline
 * @param value the subject's figures, one a run
 * @param against what the baseline is, null without one
 * @param baseline the baseline's figures, run by run beside the subject's
 * @param expected what is expected, in words, null when the figure is only reported
 * @param met whether it is, null when nothing is expected, or the value is not known
 */
record Figure(
    String what,
    String unit,
    Series value,
    @Nullable String against,
    @Nullable Series baseline,
    @Nullable String expected,
    @Nullable Boolean met) {

  /** A figure without a baseline. */
  static Figure of(String what, String unit, Series value) {
    return new Figure(what, unit, value, null, null, null, null);
  }

  /** A figure beside its baseline. */
  static Figure against(String what, String unit, Series value, String against, Series baseline) {
    return new Figure(what, unit, value, against, baseline, null, null);
  }

  /** Expects the median ratio to be at least so much. */
  Figure ratioAtLeast(double least) {
    return expecting("ratio ≥ " + least, ratioNeeded().median() >= least);
  }

  /** Expects the median ratio to be at most so much. */
  Figure ratioAtMost(double most) {
    return expecting("ratio ≤ " + most, ratioNeeded().median() <= most);
  }

  /** Expects the median to be at least so much. */
  Figure atLeast(double least) {
    return expecting("≥ " + Series.number(least), value.median() >= least);
  }

  /** Expects the median to be at most so much. */
  Figure atMost(double most) {
    return expecting("≤ " + Series.number(most), value.median() <= most);
  }

  /** The same, of which nothing is expected. */
  Figure reported() {
    return new Figure(what, unit, value, against, baseline, null, null);
  }

  /** What is not known is neither met nor missed. */
  private Figure expecting(String words, boolean holds) {
    Boolean both = met == null ? holds : met && holds;
    return new Figure(
        what,
        unit,
        value,
        against,
        baseline,
        expected == null ? words : expected + ", " + words,
        value.isUnknown() ? null : both);
  }

  @Nullable Series ratio() {
    return baseline == null ? null : value.over(baseline);
  }

  private Series ratioNeeded() {
    Series ratio = ratio();
    if (ratio == null) {
      throw new IllegalStateException(what + " has no baseline");
    }
    return ratio;
  }
}
