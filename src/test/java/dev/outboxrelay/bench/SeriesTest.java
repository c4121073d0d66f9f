// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SeriesTest {
  @Test
  void median_oddAndEvenCounts_isTheMiddle() {
    assertEquals(3, Series.of(9, 3, 1).median());
    assertEquals(2, Series.of(1, 3).median());
  }

  @Test
  void over_runByRun_isTheRatioOfEachPair() {
    assertEquals(List.of(0.5, 2.0), Series.of(1, 8).over(Series.of(2, 4)).values());
    assertThrows(IllegalArgumentException.class, () -> Series.of(1).over(Series.of(1, 2)));
  }

  @Test
  void toString_severalRuns_showsTheSpread() {
    assertEquals("2.00 (1.00 to 3.00)", Series.of(1, 2, 3).toString());
    assertEquals("120,000", Series.of(120_000).toString());
    assertEquals("0.0023", Series.number(0.0023));
  }

  @Test
  void millis_ofRanks_isTheSmallestThatCoversTheShare() {
    long[] nanos = new long[100];
    for (int at = 0; at < nanos.length; at++) {
      nanos[at] = (100 - at) * 1_000_000L;
    }
    Percentiles percentiles = new Percentiles(nanos);
    assertEquals(50, percentiles.millis(50));
    assertEquals(99, percentiles.millis(99));
    assertEquals(100, percentiles.millis(100));
  }

  @Test
  void figure_missedExpectation_isToldAndNotMet() {
    Figure figure =
        Figure.against("rate", "a second", Series.of(6, 8), "limit", Series.of(10, 10))
            .ratioAtLeast(0.8)
            .atLeast(5);
    assertEquals(Boolean.FALSE, figure.met());
    assertTrue(String.valueOf(figure.expected()).contains("0.8"));
  }

  @Test
  void figure_thatIsNotKnown_isNeitherMetNorMissed() {
    Figure figure = Figure.of("CPU", "%", Series.of(1, Double.NaN)).atMost(5);
    assertEquals("unknown", figure.value().toString());
    assertNull(figure.met());
  }
}
