// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ownership;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * How many destinations are this relay's to deliver, and which doorbells it should try to own or
 * give up for that. Every relay computes the same from the same view; the locks decide where views
 * differ.
 *
 * @param own doorbells to try, in order
 * @param release doorbells to give up
 */
record Shares(List<Integer> own, Set<Integer> release) {

  /**
   * Decides.
   *
   * @param sizes destinations by doorbell
   * @param mine doorbells that this relay owns
   * @param taken doorbells that any relay owns
   * @param relays how many relays live, 1 or more
   * @param rank this relay's place among them, from 0
   */
  static Shares decide(
      Map<Integer, Integer> sizes, Set<Integer> mine, Set<Integer> taken, int relays, int rank) {
    int total = sizes.values().stream().mapToInt(Integer::intValue).sum();
    int quota = total / relays + (rank < total % relays ? 1 : 0);
    int have = mine.stream().mapToInt(bell -> sizes.getOrDefault(bell, 0)).sum();

    Set<Integer> release = new HashSet<>();
    for (int bell : mine) {
      int size = sizes.getOrDefault(bell, 0);
      if (size == 0) {
        release.add(bell);
      } else if (relays > 1 && have - size >= quota) {
        release.add(bell);
        have -= size;
      }
    }
    List<Integer> own = new ArrayList<>();
    for (Map.Entry<Integer, Integer> bell : new TreeMap<>(sizes).entrySet()) {
      if (have >= quota) {
        break;
      }
      if (!mine.contains(bell.getKey()) && !taken.contains(bell.getKey())) {
        own.add(bell.getKey());
        have += bell.getValue();
      }
    }
    return new Shares(own, release);
  }
}
