package dev.outboxrelay.torture;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongFunction;

/**
 * For how long what could be sent is seen to wait, look by look. It knows no clock and no database.
 * Safe for threads.
 */
final class WaitTimes {

  /** How long something may wait that could be sent. */
  static final Duration BOUND = Duration.ofSeconds(2);

  private static final Duration YOUNG = BOUND.dividedBy(2);
  private static final Duration REST = BOUND.plusSeconds(1);

  private final LongFunction<Duration> allowance;
  private final Map<String, Long> since = new HashMap<>();
  private final Map<String, String> tooLong = new TreeMap<>();
  private boolean judging;
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
   * @param waiting all that could be sent; what is sent and refused must come by another name
   * @param nanos when the look began
   */
  synchronized void seen(Set<String> waiting, long nanos) {
    since.keySet().retainAll(waiting);
    waiting.forEach(each -> since.putIfAbsent(each, nanos));
    boolean stirring = since.values().stream().anyMatch(first -> nanos - first > YOUNG.toNanos());
    if (!stirring && !resting) {
      restSinceNanos = nanos;
    }
    resting = !stirring;
    if (judging) {
      since.forEach((each, first) -> judge(each, first, nanos));
    }
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
    since.clear();
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

  synchronized Duration longest() {
    return Duration.ofNanos(longestNanos);
  }
}
