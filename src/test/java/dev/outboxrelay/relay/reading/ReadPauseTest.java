// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Reads leave room for writers when they are slow, and delay little when they are quick. */
final class ReadPauseTest {
  private final ReadPause pause = new ReadPause();

  private List<Long> next(int count) {
    return LongStream.generate(pause::next).limit(count).boxed().toList();
  }

  @Test
  void readsThatFindNothing_areFurtherAndFurtherApart() {
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 20L, 20L), next(7));
  }

  @Test
  void readThatFoundSomething_isFollowedByAPauseFourTimesAsLong_within1And5Milliseconds() {
    long[][] tookMicrosAndPauseMillis = {
      {0, 1}, {100, 1}, {499, 1}, {500, 2}, {900, 3}, {1000, 4}, {1250, 5}, {60_000_000, 5}
    };
    for (long[] expected : tookMicrosAndPauseMillis) {
      next(9);
      pause.found(expected[0] * 1000);
      assertEquals(
          List.of(expected[1], expected[1] * 2), next(2), "after " + expected[0] + " microseconds");
    }
  }
}
