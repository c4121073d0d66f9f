// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.settling;

import dev.outboxrelay.relay.loop.OnceMore;
import dev.outboxrelay.relay.ordering.Barrier;
import dev.outboxrelay.relay.ordering.KeyGates;
import dev.outboxrelay.relay.reading.HeldReader;
import dev.outboxrelay.relay.reading.Intake;
import dev.outboxrelay.relay.reading.RequeuedReader;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.values.Gate;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Looks whether what blocks still stands: a person may have requeued or discarded it, which no
 * answer tells. One look at a time, however many messages are discarded one by one.
 */
public final class Rechecks {
  private final Intake intake;
  private final BooleanSupplier reads;
  private final KeyGates gates;
  private final Barrier barrier;
  private final Holds holds;
  private final HeldReader held;
  private final RequeuedReader requeued;
  private final MessageStore store;

  /** While something waits for a refused message, a person has acted. */
  private boolean requeuedPerhaps;

  private final OnceMore looks = new OnceMore();

  /**
   * @param reads whether messages are read: what stands is not looked at before
   */
  public Rechecks(
      Intake intake,
      BooleanSupplier reads,
      KeyGates gates,
      Barrier barrier,
      Holds holds,
      HeldReader held,
      RequeuedReader requeued,
      MessageStore store) {
    this.intake = intake;
    this.reads = reads;
    this.gates = gates;
    this.barrier = barrier;
    this.holds = holds;
    this.held = held;
    this.requeued = requeued;
    this.store = store;
  }

  /** A person has acted. */
  public void acted() {
    requeuedPerhaps = barrier.isShut() || gates.parkedCount() > 0;
    look();
  }

  /**
   * What a person requeues comes by a window; while none is read, since too much waits for that
   * very message, it is read by its id.
   */
  public void pump() {
    if (requeuedPerhaps && intake.isBarred()) {
      requeuedPerhaps = false;
      look();
    }
  }

  /** Messages are read again: looks, when that was asked for while they were not. */
  public void resume() {
    if (looks.isWanted()) {
      look();
    }
  }

  /** Looks; no statement where nothing blocks. */
  public void look() {
    looks.want();
    if (!reads.getAsBoolean() || !looks.begin()) {
      return;
    }
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
      looks.end();
      return;
    }
    intake.read(
        "blocked gates of ",
        0,
        () -> store.standing(intake.name(), heads.keySet(), intake.failedToo()),
        (standing, ticket) -> {
          if (intake.isBarred()) {
            requeued.want(standing);
          }
          heads.keySet().removeAll(standing);
          heads.forEach(
              (headId, gate) -> {
                gates.unblock(gate, headId);
                held.want(gate);
              });
          looks.end();
          if (looks.isWanted()) {
            look();
          }
          intake.pump();
        });
  }

  private void lookAtBarrier() {
    Set<Long> ids = barrier.awaited();
    if (ids.isEmpty()) {
      return;
    }
    intake.read(
        "refused truncate of ",
        0,
        () -> store.standing(intake.name(), ids, false),
        (standing, ticket) -> {
          boolean gone = false;
          for (long id : ids) {
            if (!standing.contains(id) && barrier.isAwaited(id)) {
              barrier.settled(id);
              gone = true;
            }
          }
          if (intake.isBarred()) {
            requeued.want(standing);
            intake.pump();
          } else if (gone) {
            intake.pump();
          }
        });
  }
}
