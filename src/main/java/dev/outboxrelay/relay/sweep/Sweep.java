// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sweep;

import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.ownership.DatabaseIdentity;
import dev.outboxrelay.relay.ownership.Fleet;
import dev.outboxrelay.relay.reading.TailReader;
import dev.outboxrelay.store.MessageStore;

/**
 * Looks at everything that is owed, so that nothing depends on a bell being heard: what is new is
 * read by the tail, rung for or not, and of what the tail has passed every pending row must be in
 * memory. What is not was missed, is counted, and is read after all. Also purges rows that were
 * kept long enough.
 */
public final class Sweep {
  private final TailReader tail;
  private final Fleet fleet;
  private final DueTimes dueTimes;
  private final DatabaseIdentity origin;
  private final Marks marks;
  private final Patrol patrol;
  private final Purge purge;
  private boolean underWay;

  public Sweep(
      Scheduler loop,
      DatabaseWork databaseWork,
      MessageStore store,
      TailReader tail,
      Fleet fleet,
      DueTimes dueTimes,
      DatabaseIdentity origin,
      Marks marks,
      Patrol patrol) {
    this.tail = tail;
    this.fleet = fleet;
    this.dueTimes = dueTimes;
    this.origin = origin;
    this.marks = marks;
    this.patrol = patrol;
    purge = new Purge(loop, databaseWork, store);
  }

  /** Sweeps, unless the last sweep is still under way. */
  public void run() {
    if (underWay) {
      return;
    }
    underWay = true;
    origin.doubt();
    fleet.mendIds();
    fleet.reload(() -> {});
    fleet.lanes().forEach(lane -> lane.backlog().recheckBlocked());
    dueTimes.look(fleet.lanes());
    tail.sweep();
    marks.move(() -> patrol.look(() -> purge.run(() -> underWay = false)));
  }
}
