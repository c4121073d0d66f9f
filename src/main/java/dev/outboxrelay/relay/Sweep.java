package dev.outboxrelay.relay;

import dev.outboxrelay.store.MessageStore.Owed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Looks at everything that is owed, so that nothing depends on a bell being heard: what is new is
 * read by the tail, rung for or not, and of what the tail has passed every pending row must be in
 * memory. What is not was missed, is counted, and is read after all. Also purges rows that were
 * kept long enough.
 */
final class Sweep {
  private static final int CHUNK = 10_000;
  private static final int PURGE_CHUNK = 5_000;

  private final LaneContext context;
  private final Fleet fleet;
  private final DueTimes dueTimes;
  private final Origin origin;
  private boolean underWay;

  Sweep(LaneContext context, Fleet fleet, DueTimes dueTimes, Origin origin) {
    this.context = context;
    this.fleet = fleet;
    this.dueTimes = dueTimes;
    this.origin = origin;
  }

  /** Sweeps, unless the last sweep is still under way. */
  void run() {
    if (underWay) {
      return;
    }
    underWay = true;
    origin.doubt();
    context.mendIds();
    fleet.reload(() -> {});
    fleet.lanes().forEach(lane -> lane.backlog().recheckBlocked());
    dueTimes.look(fleet.lanes());
    TailReader tail = context.tail();
    tail.sweep();
    String snapshot = tail.last();
    Map<String, Backlog> asked = new HashMap<>();
    for (Lane lane : fleet.lanes()) {
      if (tail.contains(lane.backlog())) {
        asked.put(lane.name(), lane.backlog());
      }
    }
    if (snapshot == null || asked.isEmpty()) {
      purge();
      return;
    }
    chunk(asked, snapshot, new Owed("", 0), context.clock().begin());
  }

  private void chunk(Map<String, Backlog> asked, String snapshot, Owed after, long ticket) {
    context
        .work()
        .submit(
            "sweep",
            () ->
                context
                    .store()
                    .owed(asked.keySet(), snapshot, after.destination(), after.id(), CHUNK),
            owed -> {
              compare(asked, owed, ticket);
              if (owed.size() < CHUNK) {
                context.clock().end(ticket);
                purge();
              } else {
                chunk(asked, snapshot, owed.get(owed.size() - 1), ticket);
              }
            });
  }

  private void compare(Map<String, Backlog> asked, List<Owed> owed, long ticket) {
    Map<String, List<Long>> missed = new HashMap<>();
    Set<Backlog> behind = new HashSet<>();
    for (Owed row : owed) {
      Backlog backlog = asked.get(row.destination());
      if (backlog != null && context.tail().contains(backlog) && !backlog.knows(row.id(), ticket)) {
        missed.computeIfAbsent(row.destination(), d -> new ArrayList<>()).add(row.id());
        behind.add(backlog);
      }
    }
    missed.forEach((name, ids) -> context.events().passedOver(name, ids.size()));
    behind.forEach(backlog -> backlog.window().start());
  }

  private void purge() {
    context
        .work()
        .submit(
            "purge",
            () -> context.store().purge(PURGE_CHUNK),
            purged -> {
              if (purged == PURGE_CHUNK) {
                purge();
              } else {
                underWay = false;
              }
            });
  }
}
