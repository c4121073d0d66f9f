package dev.outboxrelay.relay;

import dev.outboxrelay.values.Gate;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Looks whether what blocks still stands: a person may have requeued or discarded it, which no
 * answer tells. One look at a time, however many messages are discarded one by one.
 */
final class Rechecks {
  private final Lane lane;
  private final Backlog backlog;
  private final Gates gates;
  private final Barrier barrier;
  private final Holds holds;
  private final HeldReader held;
  private final RequeuedReader requeued;
  private final LaneContext context;

  /** While something waits for a refused message, a person has acted. */
  private boolean requeuedPerhaps;

  private boolean looking;
  private boolean wanted;

  Rechecks(
      Lane lane,
      Backlog backlog,
      Gates gates,
      Barrier barrier,
      Holds holds,
      HeldReader held,
      RequeuedReader requeued,
      LaneContext context) {
    this.lane = lane;
    this.backlog = backlog;
    this.gates = gates;
    this.barrier = barrier;
    this.holds = holds;
    this.held = held;
    this.requeued = requeued;
    this.context = context;
  }

  /** A person has acted. */
  void acted() {
    requeuedPerhaps = barrier.isShut() || gates.parkedCount() > 0;
    look();
  }

  /**
   * What a person requeues comes by a window; while none is read, since too much waits for that
   * very message, it is read by its id.
   */
  void pump() {
    if (requeuedPerhaps && backlog.isBarred()) {
      requeuedPerhaps = false;
      look();
    }
  }

  /** Messages are read again: looks, when that was asked for while they were not. */
  void resume() {
    if (wanted) {
      look();
    }
  }

  /** Looks; no statement where nothing blocks. */
  void look() {
    wanted = true;
    if (!backlog.window().isOn() || looking) {
      return;
    }
    wanted = false;
    lookAtBarrier();
    Map<Long, Gate> heads = new HashMap<>();
    gates.forEachBlocked(
        (gate, headId) -> {
          // One that is not marked yet stands, whatever the table says of it; what a person does
          // meanwhile is looked at when it is marked.
          if (!holds.awaitsHead(gate)) {
            heads.put(headId, gate);
          }
        });
    if (heads.isEmpty()) {
      return;
    }
    looking = true;
    backlog.read(
        "blocked gates of ",
        () -> context.store().standing(backlog.name(), heads.keySet(), backlog.failedToo()),
        (standing, ticket) -> {
          if (backlog.isBarred()) {
            requeued.want(standing);
          }
          heads.keySet().removeAll(standing);
          heads.forEach(
              (headId, gate) -> {
                gates.unblock(gate, headId);
                held.want(gate);
              });
          looking = false;
          if (wanted) {
            look();
          }
          lane.pump();
        },
        () -> {});
  }

  private void lookAtBarrier() {
    Set<Long> ids = barrier.awaited();
    if (ids.isEmpty()) {
      return;
    }
    backlog.read(
        "refused truncate of ",
        () -> context.store().standing(backlog.name(), ids, false),
        (standing, ticket) -> {
          boolean gone = false;
          for (long id : ids) {
            if (!standing.contains(id) && barrier.isAwaited(id)) {
              barrier.settled(id);
              gone = true;
            }
          }
          if (backlog.isBarred()) {
            requeued.want(standing);
            lane.pump();
          } else if (gone) {
            lane.pump();
          }
        },
        () -> {});
  }
}
