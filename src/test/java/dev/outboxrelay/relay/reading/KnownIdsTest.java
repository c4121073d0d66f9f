// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class KnownIdsTest {
  private final ReadTickets clock = new ReadTickets();
  private final KnownIds known = new KnownIds(clock);

  @Test
  void shownTwice_inMemory_isNewOnce() {
    assertTrue(known.add(1, clock.begin(), false));
    assertFalse(known.add(1, clock.begin(), false));
  }

  @Test
  void settled_readBeganBefore_isNotNew() {
    known.add(1, clock.begin(), false);
    long old = clock.begin();
    known.settled(List.of(1L), false);
    assertFalse(known.add(1, old, false));
    assertTrue(known.knows(1, old));
  }

  @Test
  void settled_readBeganAfter_isNewAgain() {
    long first = clock.begin();
    known.add(1, first, false);
    long old = clock.begin();
    known.settled(List.of(1L), false);
    long fresh = clock.begin();
    assertTrue(known.add(1, fresh, false), "a retry comes back by a later read");
    clock.end(first);
    clock.end(old);
    known.settled(List.of(2L), false); // forgets what no read can show
    assertFalse(
        known.add(1, clock.begin(), false), "in memory again, not forgotten with the older one");
  }

  @Test
  void readByTime_untilSettled_isLeftOutOfTheNext() {
    known.add(1, clock.begin(), true);
    known.add(2, clock.begin(), false);
    assertEquals(Set.of(1L), known.inMemoryByTime());
    known.settled(List.of(1L), false);
    assertEquals(Set.of(), known.inMemoryByTime());
  }

  /**
   * A person puts off a message that is in memory: the next read by time would bring it for ever.
   */
  @Test
  void inMemory_shownByTime_isLeftOutOfTheNext() {
    known.add(1, clock.begin(), false);
    known.add(1, clock.begin(), true);
    assertEquals(Set.of(1L), known.inMemoryByTime());
    known.settled(List.of(1L), true);
    assertEquals(Set.of(), known.inMemoryByTime());
  }

  @Test
  void left_shownByAReadThatBeganBefore_isDoubtful() {
    known.add(1, clock.begin(), false);
    known.add(2, clock.begin(), false);
    long old = clock.begin();
    known.settled(List.of(1L), true);
    known.settled(List.of(2L), false);
    assertFalse(known.add(1, old, false), "it may be the row as it was");
    assertFalse(known.add(2, old, false));
    assertEquals(List.of(1L), known.takeDoubtful());
    assertEquals(List.of(), known.takeDoubtful());
    assertTrue(known.add(1, clock.begin(), false), "read once more, by its id");
  }

  @Test
  void left_shownWhileInMemory_isDoubtful() {
    for (long id : List.of(1L, 2L, 3L)) {
      known.add(id, clock.begin(), false);
    }
    known.add(1, clock.begin(), false);
    known.add(2, clock.begin(), false);
    assertEquals(List.of(), known.takeDoubtful());
    known.settled(List.of(1L, 3L), true);
    known.settled(List.of(2L), false);
    assertEquals(List.of(1L), known.takeDoubtful());
  }
}
