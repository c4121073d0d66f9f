package dev.outboxrelay.relay;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Tells what a sweep's read has shown, and no bell announces: neither before the read nor within a
 * while after it, since a bell may be on its way.
 */
final class MissedBells {
  /** A bell that comes later than this was not heard. */
  private static final long LATE_MILLIS = 1000;

  private final Doorbells doorbells;
  private final Scheduler core;
  private final RelayEvents events;

  MissedBells(Doorbells doorbells, Scheduler core, RelayEvents events) {
    this.doorbells = doorbells;
    this.core = core;
    this.events = events;
  }

  /** Of these backlogs, those whose writers must ring: what they write is announced. */
  Set<Backlog> ringing(Iterable<Backlog> backlogs) {
    Set<Backlog> ringing = new HashSet<>();
    for (Backlog backlog : backlogs) {
      if (doorbells.isAsleep(backlog.doorbell())) {
        ringing.add(backlog);
      }
    }
    return ringing;
  }

  /**
   * A sweep's read has shown new messages.
   *
   * @param found how many, by backlog
   * @param sinceNanos when the read before it began: a bell since then may have announced them
   */
  void found(Map<Backlog, Integer> found, long sinceNanos) {
    if (!found.isEmpty()) {
      core.schedule(
          LATE_MILLIS,
          () ->
              found.forEach(
                  (backlog, messages) -> {
                    if (!doorbells.rungSince(backlog.doorbell(), sinceNanos)) {
                      events.missed(backlog.name(), messages);
                    }
                  }));
    }
  }
}
