// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.relay.ordering.Barrier;
import dev.outboxrelay.relay.ordering.KeyGates;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.Parked;
import dev.outboxrelay.values.Gate;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Finds in the table what blocks: gates with refused messages, and a refused truncate. INVARIANT:
 * what blocks a gate is known before the gate's pending messages are read.
 */
public final class ParkedReader {
  /**
   * Beyond this many parked gates a destination counts as failing as a whole: nothing new is read.
   */
  public static final int MAX_PARKED = 10_000;

  private final Intake intake;
  private final KeyGates gates;
  private final Barrier barrier;
  private final HeldReader held;
  private final MessageStore store;

  /** KeyGates that were found with held messages only, by the first of these. */
  private final TreeMap<Long, Gate> headless = new TreeMap<>();

  /** More gates are parked in the table than are known here. */
  private boolean more;

  private boolean reading;

  public ParkedReader(
      Intake intake, KeyGates gates, Barrier barrier, HeldReader held, MessageStore store) {
    this.intake = intake;
    this.gates = gates;
    this.barrier = barrier;
    this.held = held;
    this.store = store;
  }

  private record Standing(List<Parked> parked, List<Long> refusedTruncates) {}

  /**
   * Reads before anything else is read.
   *
   * @param then runs when all is known
   */
  public void start(Runnable then) {
    read(
        standing -> {
          if (intake.isOrdered()) {
            standing.refusedTruncates().forEach(barrier::waitsFor);
          }
          then.run();
        });
  }

  /** Reads the rest, when there is room for it. */
  public void pump() {
    if (more && !reading && gates.parkedCount() <= MAX_PARKED / 2) {
      read(standing -> intake.pump());
    }
  }

  private void read(Consumer<Standing> then) {
    String name = intake.name();
    boolean failedToo = intake.failedToo();
    reading = true;
    intake.read(
        "parked gates of ",
        0,
        () ->
            new Standing(
                store.parked(name, failedToo, MAX_PARKED + 1), store.refusedTruncates(name)),
        (standing, ticket) -> {
          reading = false;
          if (intake.isOrdered()) {
            more = standing.parked().size() > MAX_PARKED;
            standing.parked().forEach(p -> gates.parked(p.gate(), p.refusedIds()));
            standing.parked().forEach(this::awaitHead);
          }
          if (intake.hasActedSince(ticket + 1)) {
            intake.recheckBlocked(); // what was found may not stand any more
          }
          then.accept(standing);
        });
  }

  /**
   * A gate with held messages only: the one that they waited for may be pending again, since a
   * person has requeued it. They are read once the window has come as far as they, when it would
   * have been shown.
   */
  private void awaitHead(Parked parked) {
    if (!parked.refusedIds().isEmpty()) {
      return;
    }
    if (more) {
      held.want(parked.gate()); // no window is read before these are fewer
    } else {
      headless.put(parked.firstHeldId(), parked.gate());
    }
  }

  /** The window has shown everything up to an id. */
  public void windowReached(long id) {
    Map<Long, Gate> passed = headless.headMap(id, true);
    passed.values().forEach(held::want);
    passed.clear();
  }

  /** So many gates are parked that nothing new is read. */
  public boolean isFull() {
    return more || gates.parkedCount() > MAX_PARKED;
  }
}
