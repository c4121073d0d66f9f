// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The harness's own judge of waiting. */
final class WaitTimesTest {
  private static final long START = -5_000_000_000L;

  private Duration allowance = Duration.ZERO;
  private final WaitTimes times = new WaitTimes(since -> allowance);

  @Test
  void message_seenForLongerThanTheBound_waitsTooLong() {
    times.judge(true);
    look(0, "d a");
    look(2_000, "d a", "d b");
    assertEquals(Set.of(), times.tooLong().keySet());
    look(2_001, "d a");
    assertEquals(Set.of("d a"), times.tooLong().keySet());
    assertEquals(Duration.ofMillis(2_001), times.longest());
  }

  @Test
  void message_behindABacklog_waitsByRightWhileThatGoes() {
    times.judge(true);
    look(0, "d a", "d b", "d c");
    look(1_500, "d b", "d c");
    look(3_000, "d c");
    look(4_900, "d c");
    assertEquals(Set.of(), times.tooLong().keySet());
    look(5_100, "d c");
    assertEquals(Set.of("d c"), times.tooLong().keySet());
  }

  @Test
  void message_thatIsPassedByYoungerOnes_waitsTooLong() {
    times.judge(true);
    look(0, "d a");
    look(1_000, "d a", "d b");
    look(2_100, "d a", "d c");
    assertEquals(Set.of("d a"), times.tooLong().keySet());
  }

  @Test
  void message_behindAnotherDestinationsBacklog_waitsTooLong() {
    times.judge(true);
    look(0, "d a", "other b");
    look(1_000, "d a");
    look(2_100, "d a");
    assertEquals(Set.of("d a"), times.tooLong().keySet());
  }

  @Test
  void message_thatWasGoneInBetween_beginsAnew() {
    times.judge(true);
    look(0, "d a");
    look(1_500);
    look(1_600, "d a");
    look(3_500, "d a");
    assertEquals(Set.of(), times.tooLong().keySet());
  }

  @Test
  void message_onASlowMachine_isAllowedWhatTheMachineTakes() {
    allowance = Duration.ofSeconds(1);
    times.judge(true);
    look(0, "d a");
    look(3_000, "d a");
    assertEquals(Set.of(), times.tooLong().keySet());
    look(3_001, "d a");
    assertEquals(Set.of("d a"), times.tooLong().keySet());
  }

  @Test
  void message_thatWaitsInRoughTimes_isNotJudgedUntilTheyAreOver() {
    look(0, "d a");
    look(9_000, "d a");
    assertEquals(Set.of(), times.tooLong().keySet());
    times.judge(true);
    look(9_100, "d a");
    assertEquals(Set.of("d a"), times.tooLong().keySet());
  }

  @Test
  void rest_comesWhenForAWhileNothingHasWaitedForLong() {
    look(0, "d a");
    look(1_100, "d a");
    look(1_200, "d b");
    assertFalse(atRest(4_200));
    assertTrue(atRest(4_201));
    look(4_300, "d b");
    assertFalse(atRest(9_000));
  }

  @Test
  void rest_whileNobodyCouldLook_isNotKnown() {
    look(0);
    times.forget();
    assertFalse(atRest(9_000));
  }

  private void look(long millis, String... waiting) {
    times.seen(Set.copyOf(List.of(waiting)), START + millis * 1_000_000);
  }

  private boolean atRest(long millis) {
    return times.atRest(START + millis * 1_000_000);
  }
}
