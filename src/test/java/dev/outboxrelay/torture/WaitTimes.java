// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongFunction;

/**
 * For how long what could be sent is seen to wait, look by look. A message waits by right behind
 * those of its destination that were there when it came, as long as one of these goes now and then:
 * so many may be in flight at once and no more. It knows no clock and no database. Safe for
 * threads.
 */
final class WaitTimes {

  /** How long something may wait that could be sent. */
  static final Duration BOUND = Duration.ofSeconds(2);

  private static final Duration YOUNG = BOUND.dividedBy(2);
  private static final Duration REST = BOUND.plusSeconds(1);

  /**
   * A message that waits.
   *
   * @param firstNanos when it was seen first
   * @param standsNanos since when it is its own turn: nothing as old as it has gone since
   */
  private record Wait(long firstNanos, long standsNanos) {}

  private final LongFunction<Duration> allowance;
  private final Map<String, Wait> waits = new HashMap<>();
  private final Map<String, String> tooLong = new TreeMap<>();
  private boolean judging;
  private int looks;
  private boolean resting;
  private long restSinceNanos;
  private long longestNanos;

  /**
   * Nothing is seen yet.
   *
   * @param allowance how much longer something may wait that began to at this time
   */
  WaitTimes(LongFunction<Duration> allowance) {
    this.allowance = allowance;
  }

  /**
   * Takes a look in.
   *
   * @param waiting all that could be sent, each by a name that begins with its destination and a
   *     blank; what is sent and refused must come by another name
   * @param nanos when the look began
   */
  synchronized void seen(Set<String> waiting, long nanos) {
    Map<String, Long> oldestGone = new HashMap<>();
    waits.forEach(
        (each, wait) -> {
          if (!waiting.contains(each)) {
            oldestGone.merge(destination(each), wait.firstNanos(), Math::min);
          }
        });
    waits.keySet().retainAll(waiting);
    waits.replaceAll(
        (each, wait) -> {
          Long gone = oldestGone.get(destination(each));
          boolean moved = gone != null && gone <= wait.firstNanos();
          return moved ? new Wait(wait.firstNanos(), nanos) : wait;
        });
    waiting.forEach(each -> waits.putIfAbsent(each, new Wait(nanos, nanos)));
    boolean stirring =
        waits.values().stream().anyMatch(wait -> nanos - wait.standsNanos() > YOUNG.toNanos());
    if (!stirring && !resting) {
      restSinceNanos = nanos;
    }
    resting = !stirring;
    if (judging) {
      looks++;
      waits.forEach((each, wait) -> judge(each, wait.standsNanos(), nanos));
    }
  }

  private static String destination(String name) {
    return name.substring(0, name.indexOf(' '));
  }

  private void judge(String each, long first, long nanos) {
    Duration waited = Duration.ofNanos(nanos - first);
    longestNanos = Math.max(longestNanos, waited.toNanos());
    if (waited.compareTo(BOUND) <= 0) {
      return;
    }
    Duration allowed = BOUND.plus(allowance.apply(first));
    if (waited.compareTo(allowed) > 0) {
      tooLong.put(
          each,
          "%s waits for %d ms, allowed are %d ms"
              .formatted(each, waited.toMillis(), allowed.toMillis()));
    }
  }

  /** Nobody could look: what waits is looked for anew. */
  synchronized void forget() {
    waits.clear();
    resting = false;
  }

  /** Judges from now on, or no more. */
  synchronized void judge(boolean on) {
    judging = on;
  }

  /**
   * Whether for longer than the bound nothing has waited for long that could be sent: all that was
   * broken goes again.
   */
  synchronized boolean atRest(long nanos) {
    return resting && nanos - restSinceNanos > REST.toNanos();
  }

  synchronized Map<String, String> tooLong() {
    return Map.copyOf(tooLong);
  }

  /** How many times what waits was looked at and judged. */
  synchronized int looks() {
    return looks;
  }

  synchronized Duration longest() {
    return Duration.ofNanos(longestNanos);
  }
}
