// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sweep;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.lane.Backlog;
import dev.outboxrelay.relay.lane.Lane;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.ownership.Fleet;
import dev.outboxrelay.relay.reading.ReadTickets;
import dev.outboxrelay.relay.reading.TailReader;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.MessageStore.Span;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Looks at the table itself, part by part, for messages where no sweep looks: below the marks, and
 * above all that was read. None is there unless somebody has put rows with old transaction ids into
 * the table, from a dump for example, which nothing tells. A small table is looked at as a whole at
 * each sweep; a large one takes hours, and costs no more.
 */
public final class Patrol {
  /** Blocks of one part: 8 MB. */
  private static final int BLOCKS = 1024;

  /** Parts of one sweep, at most. */
  private static final int PARTS = 4;

  /** One part in so much time, whatever is between two sweeps. */
  private static final long PART_NANOS = 15_000_000_000L;

  /** Messages that one statement tells of, at most; if there are more, all are read anyway. */
  private static final int LIMIT = 10_000;

  private final Scheduler loop;
  private final DatabaseWork databaseWork;
  private final MessageStore store;
  private final TailReader tail;
  private final ReadTickets tickets;
  private final RelayEvents events;
  private final Fleet fleet;
  private final Missed missed;

  /** Where the next part begins. */
  private long next;

  private long tableBlocks;
  private long lookedAtNanos;

  public Patrol(
      Scheduler loop,
      DatabaseWork databaseWork,
      MessageStore store,
      TailReader tail,
      ReadTickets tickets,
      RelayEvents events,
      Fleet fleet,
      Missed missed) {
    this.loop = loop;
    this.databaseWork = databaseWork;
    this.store = store;
    this.tail = tail;
    this.tickets = tickets;
    this.events = events;
    this.fleet = fleet;
    this.missed = missed;
    lookedAtNanos = loop.nanoTime() - PARTS * PART_NANOS;
  }

  /**
   * Looks at the next parts, if it is time.
   *
   * @param then runs when that is done
   */
  void look(Runnable then) {
    long nanos = loop.nanoTime() - lookedAtNanos;
    if (tableBlocks <= BLOCKS || nanos >= PART_NANOS) {
      lookedAtNanos += nanos;
      look((int) Math.max(1, Math.min(PARTS, nanos / PART_NANOS)), then);
    } else {
      then.run();
    }
  }

  private void look(int parts, Runnable then) {
    String last = tail.last();
    Map<String, Backlog> asked = new HashMap<>();
    List<Span> swept = new ArrayList<>();
    for (Lane lane : fleet.lanes()) {
      Mark mark = lane.mark();
      if (mark != null && tail.contains(lane.backlog())) {
        asked.put(lane.name(), lane.backlog());
        swept.add(new Span(lane.name(), mark.firstId(), lane.backlog().window().seen()));
      }
    }
    if (last == null || asked.isEmpty() || parts == 0) {
      then.run();
      return;
    }
    long from = next;
    long ticket = tickets.begin();
    databaseWork.submit(
        "patrol",
        () -> store.inBlocks(from, BLOCKS, swept, last, LIMIT),
        part -> {
          missed.look(part.messages(), asked, ticket, events::missed);
          tickets.end(ticket);
          next = from + BLOCKS;
          tableBlocks = part.tableBlocks();
          if (next < tableBlocks) {
            look(parts - 1, then);
          } else {
            next = 0;
            then.run();
          }
        });
  }
}
