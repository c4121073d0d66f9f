// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The order of a destination's changes. Every change names the row as it was before, so the changes
 * of a key form a chain. A first arrival must take up its chain where the last one left it; that is
 * commit order, without asking anybody in which order the commits came.
 *
 * <p>Where it does not, the gap is noted, and judged at the end, when it is known what was
 * discarded and what was undone.
 */
final class Chains {
  private static final int LONGEST_DETOUR = 10_000;

  /** A change that arrived: how the row stood before it. */
  private record Link(@Nullable Long before, long change) {}

  /** A first arrival that did not take up its chain. */
  record Gap(
      String table, String key, @Nullable Long expected, @Nullable Long found, String line) {}

  /** One key's chain. */
  private static final class Chain {
    private final Map<Long, Link> byMark = new HashMap<>();
    private final List<Link> deletions = new ArrayList<>();
    private @Nullable Long mark;
  }

  private final Map<String, Map<String, Chain>> tables = new TreeMap<>();
  private final List<Gap> gaps = new ArrayList<>();

  void arrived(
      String table,
      String key,
      @Nullable Long before,
      @Nullable Long after,
      long change,
      String line) {
    Chain chain =
        tables.computeIfAbsent(table, t -> new HashMap<>()).computeIfAbsent(key, k -> new Chain());
    Long expected = chain.mark;
    if (expected == null ? before != null : !expected.equals(before)) {
      gaps.add(new Gap(table, key, expected, before, line));
    }
    Link link = new Link(before, change);
    if (after == null) {
      chain.deletions.add(link);
    } else {
      chain.byMark.put(after, link);
    }
    chain.mark = after;
  }

  /** The gaps for which nothing accounts. */
  List<Gap> unexcused(Excuses excuses) {
    return gaps.stream()
        .filter(
            gap ->
                !reachable(gap.table(), gap.key(), gap.expected(), excuses).contains(gap.found()))
        .toList();
  }

  int gaps() {
    return gaps.size();
  }

  /** What a row may stand at by right, instead of this mark: undone is gone, discarded is done. */
  private Set<@Nullable Long> reachable(
      String table, String key, @Nullable Long from, Excuses excuses) {
    Chain chain = tables.get(table).get(key);
    Set<@Nullable Long> seen = new HashSet<>();
    // Wrapped, for a queue takes no null.
    ArrayDeque<Link> next = new ArrayDeque<>(List.of(new Link(from, 0)));
    while (!next.isEmpty() && seen.size() < LONGEST_DETOUR) {
      Long mark = next.remove().before();
      if (!seen.add(mark)) {
        continue;
      }
      Link given = mark == null ? null : chain.byMark.get(mark);
      if (given != null && excuses.isUndone(table, given.change())) {
        next.add(given);
      }
      if (mark == null) {
        chain.deletions.stream()
            .filter(deletion -> excuses.isUndone(table, deletion.change()))
            .forEach(next::add);
      }
      for (Excuses.Step step : excuses.discardedSteps(table, key)) {
        if (mark == null ? step.before() == null : mark.equals(step.before())) {
          next.add(new Link(step.after(), 0));
        }
      }
    }
    return seen;
  }

  /**
   * Holds the rows as the lines tell them against those that are there.
   *
   * @param there their marks
   * @return what differs, in words
   */
  List<String> differences(String table, Set<Long> there, Excuses excuses) {
    List<String> differences = new ArrayList<>();
    Set<Long> missing = new HashSet<>(there);
    tables
        .getOrDefault(table, Map.of())
        .forEach(
            (key, chain) -> {
              Set<@Nullable Long> allowed = reachable(table, key, chain.mark, excuses);
              if (chain.mark != null && missing.remove(chain.mark)) {
                return;
              }
              boolean found =
                  allowed.stream().anyMatch(mark -> mark != null && missing.remove(mark));
              if (!found && !allowed.contains(null)) {
                differences.add("a stale row of " + table + " with mark " + chain.mark);
              }
            });
    missing.forEach(mark -> differences.add("no row of " + table + " with mark " + mark));
    return differences;
  }
}
