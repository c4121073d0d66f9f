// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SharesTest {

  private static Map<Integer, Integer> ones(int bells) {
    Map<Integer, Integer> sizes = new HashMap<>();
    for (int bell = 0; bell < bells; bell++) {
      sizes.put(bell, 1);
    }
    return sizes;
  }

  @Test
  void alone_ownsAll() {
    Shares shares = Shares.decide(ones(10), Set.of(), Set.of(), 1, 0);
    assertEquals(10, shares.own().size());
    assertEquals(Set.of(), shares.release());
  }

  @Test
  void another_joins_halfIsReleased() {
    Set<Integer> mine = ones(10).keySet();
    assertEquals(5, Shares.decide(ones(10), mine, mine, 2, 0).release().size());
  }

  @Test
  void bellWithoutDestinations_isReleased() {
    assertEquals(Set.of(3), Shares.decide(Map.of(), Set.of(3), Set.of(3), 1, 0).release());
  }

  /**
   * From any start, rounds of deciding end with every bell owned, evenly, and then nothing moves.
   */
  @Test
  void anyFleet_afterSomeRounds_isEvenAndStill() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      int relays = 1 + random.nextInt(5);
      Map<Integer, Integer> sizes = new HashMap<>();
      for (int d = 0, n = random.nextInt(200); d < n; d++) {
        sizes.merge(random.nextInt(64), 1, Integer::sum);
      }
      List<Set<Integer>> owned = new ArrayList<>();
      for (int r = 0; r < relays; r++) {
        owned.add(new HashSet<>());
      }
      int moves = 1;
      for (int round = 0; round < 200 && moves > 0; round++) {
        moves = 0;
        for (int r = 0; r < relays; r++) {
          Set<Integer> taken = new HashSet<>();
          owned.forEach(taken::addAll);
          Shares shares = Shares.decide(sizes, owned.get(r), taken, relays, r);
          owned.get(r).removeAll(shares.release());
          owned.get(r).addAll(shares.own());
          moves += shares.release().size() + shares.own().size();
        }
      }
      assertEquals(0, moves, "still moving, seed " + seed);
      Set<Integer> all = new HashSet<>();
      owned.forEach(all::addAll);
      assertEquals(sizes.keySet(), all, "seed " + seed);
      int largest = sizes.values().stream().mapToInt(Integer::intValue).max().orElse(0);
      int fair = sizes.values().stream().mapToInt(Integer::intValue).sum() / relays;
      for (Set<Integer> one : owned) {
        int have = one.stream().mapToInt(sizes::get).sum();
        assertTrue(have <= fair + largest, "seed " + seed + ": " + have + " of fair " + fair);
      }
    }
  }
}
