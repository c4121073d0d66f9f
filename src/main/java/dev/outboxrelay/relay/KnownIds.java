package dev.outboxrelay.relay;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The ids that a lane has in memory, and those it had until so lately that a read under way may
 * still show them as they were. INVARIANT: a row that a read shows is new to the lane exactly if
 * {@link #add} says so.
 */
final class KnownIds {
  private static final long IN_MEMORY = Long.MAX_VALUE;

  /** Before every ticket. */
  private static final long UNKNOWN = Long.MIN_VALUE;

  private record Settled(long moment, List<Long> ids) {}

  private final ReadClock clock;

  /** In memory, or the moment at which the id's row was settled. */
  private final LongTable moments = new LongTable();

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
    if (knows(id, ticket)) {
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
    return moments.get(id, UNKNOWN) > ticket;
  }

  /** The ids in memory that were read by their time. */
  Set<Long> inMemoryByTime() {
    return Set.copyOf(readByTime);
  }

  /** The rows' new state is committed: a read that begins from now on shows it. */
  void settled(List<Long> ids) {
    long moment = clock.now();
    for (long id : ids) {
      moments.put(id, moment);
    }
    if (!readByTime.isEmpty()) {
      ids.forEach(readByTime::remove);
    }
    lingering.add(new Settled(moment, ids));
    forget();
  }

  /** Drops what no read under way can show any more. */
  private void forget() {
    while (!lingering.isEmpty() && !clock.anyBefore(lingering.peek().moment())) {
      Settled settled = lingering.remove();
      for (long id : settled.ids()) {
        moments.remove(id, settled.moment());
      }
    }
  }
}
