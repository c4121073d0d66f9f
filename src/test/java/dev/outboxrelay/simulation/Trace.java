// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Who did what, in the order in which it happened. */
final class Trace {
  private final Timeline timeline;
  private final boolean kept;
  private final List<String> lines = new ArrayList<>();
  private long digest = 1;

  Trace(Timeline timeline, boolean kept) {
    this.timeline = timeline;
    this.kept = kept;
  }

  /** Whether lines are kept: without, making them is a waste. */
  boolean isKept() {
    return kept;
  }

  void add(Object who, String what) {
    if (kept) {
      lines.add(
          String.format(
              Locale.ROOT, "%11.3f ms  %-12s %s", timeline.now() / 1e6 - 1000, who, what));
    }
  }

  /** Tells two runs apart; kept or not. */
  void note(long number) {
    digest = digest * 31 + number * 0x9E3779B97F4A7C15L + timeline.now();
  }

  long digest() {
    return digest;
  }

  List<String> lines() {
    return lines;
  }
}
