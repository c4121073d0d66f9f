// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class FifthsTest {
  /** A drain whose last fifth takes so many times as long as it would on its own. */
  private static Timeline timeline(long lastPartNanos) {
    Timeline times = new Timeline(Fifths.PARTS, 10);
    for (int message = 0; message < 10; message++) {
      times.count();
    }
    times.end(System.nanoTime() + lastPartNanos);
    return times;
  }

  @Test
  void rates_ofALateEnd_areSlowInTheLastPartAlone() {
    List<Double> rates = timeline(1_000_000_000L).rates();
    assertEquals(Fifths.PARTS, rates.size());
    assertTrue(rates.get(4) <= 2, rates.toString());
    assertTrue(rates.get(4) < rates.get(0), rates.toString());
  }

  @Test
  void medianRun_ofThree_isTheOneOfTheMedianRatio() {
    Fifths fifths = new Fifths();
    fifths.add(timeline(3_600_000_000_000L));
    fifths.add(timeline(1));
    fifths.add(timeline(1_000_000_000L));
    double median = fifths.last().over(fifths.first()).median();
    List<Double> run = fifths.medianRun();
    assertEquals(median, run.get(4) / run.get(0));
  }
}
