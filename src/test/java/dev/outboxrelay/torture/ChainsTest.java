// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The harness's own judge of order: what it excuses, and what it does not. */
final class ChainsTest {
  private static final String TABLE = "t";
  private static final Excuses NONE = new Excuses(Map.of(), List.of());

  private final Chains chains = new Chains();

  @Test
  void changes_inTheirOrder_leaveNoGap() {
    arrive(null, 1L);
    arrive(1L, 2L);
    arrive(2L, null);
    arrive(null, 3L);
    assertEquals(0, chains.unexcused(NONE).size());
    assertEquals(List.of(), chains.differences(TABLE, Set.of(3L), NONE));
  }

  @Test
  void changes_thatPassedEachOther_areGaps() {
    arrive(null, 1L);
    arrive(2L, 3L);
    arrive(1L, 2L);
    assertEquals(2, chains.unexcused(NONE).size());
  }

  @Test
  void change_thatIsMissing_isAGapUnlessItWasDiscarded() {
    arrive(null, 1L);
    arrive(2L, 3L);
    assertEquals(1, chains.unexcused(NONE).size());
    assertEquals(0, chains.unexcused(discarded(1L, 2L)).size());
    assertEquals(1, chains.unexcused(discarded(1L, 4L)).size());
  }

  @Test
  void severalChanges_thatWereDiscarded_areOneWay() {
    arrive(null, 1L);
    arrive(null, 5L);
    Excuses excuses =
        new Excuses(
            Map.of(),
            List.of(
                new Excuses.Discarded(7, TABLE, "k", 1L, 2L),
                new Excuses.Discarded(8, TABLE, "k", 2L, null)));
    assertEquals(0, chains.unexcused(excuses).size());
  }

  @Test
  void change_thatWasUndone_leadsBack() {
    arrive(null, 1L);
    arrive(1L, 2L);
    arrive(2L, 3L);
    arrive(1L, 4L);
    assertEquals(1, chains.unexcused(NONE).size());
    assertEquals(1, chains.unexcused(undone(Legacy.written(3))).size());
    assertEquals(0, chains.unexcused(undone(Legacy.written(2), Legacy.written(3))).size());
  }

  @Test
  void deletion_thatWasUndone_leadsBack() {
    arrive(null, 1L);
    arrive(1L, null);
    arrive(1L, 2L);
    assertEquals(1, chains.unexcused(NONE).size());
    assertEquals(0, chains.unexcused(undone(Legacy.deleted(1))).size());
  }

  @Test
  void rows_thatDifferFromTheLines_areNamedUnlessExcused() {
    arrive(null, 1L);
    arrive(1L, 2L);
    assertEquals(2, chains.differences(TABLE, Set.of(1L), NONE).size());
    assertEquals(List.of(), chains.differences(TABLE, Set.of(1L), undone(Legacy.written(2))));
    assertEquals(List.of(), chains.differences(TABLE, Set.of(), discarded(2L, null)));
    assertEquals(1, chains.differences(TABLE, Set.of(), NONE).size());
    assertEquals(1, chains.differences(TABLE, Set.of(2L, 9L), NONE).size());
  }

  private void arrive(@Nullable Long before, @Nullable Long after) {
    long change = after == null ? Legacy.deleted(before) : Legacy.written(after);
    chains.arrived(TABLE, "k", before, after, change, "a line");
  }

  private static Excuses undone(Long... changes) {
    return new Excuses(Map.of(TABLE, Set.of(changes)), List.of());
  }

  private static Excuses discarded(@Nullable Long before, @Nullable Long after) {
    return new Excuses(Map.of(), List.of(new Excuses.Discarded(7, TABLE, "k", before, after)));
  }
}
