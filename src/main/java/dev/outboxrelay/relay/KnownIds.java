package dev.outboxrelay.relay;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The ids that a lane has in memory, and those it had until so lately that a read under way may
 * still show them as they were. INVARIANT: a row that a read shows is new to the lane exactly if
 * {@link #add} says so.
 */
final class KnownIds {
  private static final long IN_MEMORY = Long.MAX_VALUE;

  private record Settled(long moment, List<Long> ids) {}

  private final ReadClock clock;

  /** In memory, or the moment at which the id's row was settled. */
  private final Map<Long, Long> moments = new HashMap<>();

  private final Set<Long> readByTime = new HashSet<>();
  private final ArrayDeque<Settled> lingering = new ArrayDeque<>();

  KnownIds(ReadClock clock) {
    this.clock = clock;
  }

  /**
   * A read has shown a row.
   *
   * @param ticket the read's
   * @param byTime the row has a due time: a read by time would show it again
   * @return true when it is new, and in memory from now on
   */
  boolean add(long id, long ticket, boolean byTime) {
    Long moment = moments.get(id);
    if (moment != null && moment > ticket) {
      return false;
    }
    moments.put(id, IN_MEMORY);
    if (byTime) {
      readByTime.add(id);
    }
    return true;
  }

  /** Whether a read with this ticket may show the row although it is in memory or settled. */
  boolean knows(long id, long ticket) {
    Long moment = moments.get(id);
    return moment != null && moment > ticket;
  }

  /** The ids in memory that were read by their time. */
  Set<Long> inMemoryByTime() {
    return Set.copyOf(readByTime);
  }

  /** The rows' new state is committed: a read that begins from now on shows it. */
  void settled(List<Long> ids) {
    long moment = clock.now();
    for (Long id : ids) {
      moments.put(id, moment);
    }
    readByTime.removeAll(ids);
    lingering.add(new Settled(moment, ids));
    forget();
  }

  /** Drops what no read under way can show any more. */
  private void forget() {
    while (!lingering.isEmpty() && !clock.anyBefore(lingering.peek().moment())) {
      Settled settled = lingering.remove();
      Long moment = settled.moment();
      for (Long id : settled.ids()) {
        moments.remove(id, moment);
      }
    }
  }
}
