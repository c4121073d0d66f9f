// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The ids that a lane has in memory, and those it had until so lately that a read under way may
 * still show them as they were. INVARIANT: a row that a read shows is new to the lane exactly if
 * {@link #add} says so, or {@link #takeDoubtful} names it later.
 *
 * <p>A row that stays in the table may be made owed again by a person in the very moment in which
 * the relay marks it. A read that shows it then is no proof of either: it may be the old row or the
 * new one. So it is doubtful, and to be read by its id once more, when no old row is shown any
 * more.
 */
public final class KnownIds {
  private static final long IN_MEMORY = Long.MAX_VALUE;

  /** Before every ticket. */
  private static final long UNKNOWN = Long.MIN_VALUE;

  private record Settled(long mark, List<Long> ids) {}

  private final ReadTickets tickets;

  /** In memory, or a mark. */
  private final LongTable marks = new LongTable();

  private final Set<Long> readByTime = new HashSet<>();
  private final ArrayDeque<Settled> lingering = new ArrayDeque<>();

  /** In memory, and shown by a read all the same. */
  private final Set<Long> shownAgain = new HashSet<>();

  private List<Long> doubtful = new ArrayList<>();

  public KnownIds(ReadTickets tickets) {
    this.tickets = tickets;
  }

  /** The moment at which a row was settled, and in the lowest bit whether it is still there. */
  private static long mark(long moment, boolean left) {
    return moment << 1 | (left ? 1 : 0);
  }

  private static boolean isLeft(long mark) {
    return (mark & 1) == 1;
  }

  /**
   * A read has shown a row.
   *
   * @param ticket the read's
   * @param byTime the row has a due time: a read by time would show it again
   * @return true when it is new, and in memory from now on
   */
  public boolean add(long id, long ticket, boolean byTime) {
    long mark = marks.get(id, UNKNOWN);
    if (mark == IN_MEMORY) {
      shownAgain.add(id);
      if (byTime) {
        // Put off by a person since it was read: no other would come by its time behind it.
        readByTime.add(id);
      }
      return false;
    }
    if (mark >> 1 > ticket) {
      if (isLeft(mark)) {
        doubtful.add(id);
      }
      return false;
    }
    marks.put(id, IN_MEMORY);
    if (byTime) {
      readByTime.add(id);
    }
    return true;
  }

  /** Whether a read with this ticket may show the row although it is in memory or settled. */
  public boolean knows(long id, long ticket) {
    return marks.get(id, UNKNOWN) >> 1 > ticket;
  }

  /** The smallest ids in memory, or on their way out of the table, at most so many, in order. */
  public List<Long> smallest(int limit) {
    return marks.smallest(IN_MEMORY, limit);
  }

  /** The ids in memory that were read by their time. */
  public Set<Long> inMemoryByTime() {
    return Set.copyOf(readByTime);
  }

  /**
   * The rows' new state is committed: a read that begins from now on shows it.
   *
   * @param left the rows are still in the table
   */
  public void settled(List<Long> ids, boolean left) {
    long mark = mark(tickets.now(), left);
    for (long id : ids) {
      marks.put(id, mark);
    }
    if (!readByTime.isEmpty()) {
      ids.forEach(readByTime::remove);
    }
    if (!shownAgain.isEmpty()) {
      for (long id : ids) {
        if (shownAgain.remove(id) && left) {
          doubtful.add(id);
        }
      }
    }
    lingering.add(new Settled(mark, ids));
    forget();
  }

  /** Drops what no read under way can show any more. */
  private void forget() {
    while (!lingering.isEmpty() && !tickets.anyBefore(lingering.peek().mark() >> 1)) {
      Settled settled = lingering.remove();
      for (long id : settled.ids()) {
        marks.remove(id, settled.mark());
      }
    }
  }

  /** Rows that were shown and may be new: each is to be read by its id, from now on. */
  public List<Long> takeDoubtful() {
    if (doubtful.isEmpty()) {
      return List.of();
    }
    List<Long> taken = doubtful;
    doubtful = new ArrayList<>();
    return taken;
  }
}
