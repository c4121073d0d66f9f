// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.sessions.Doorbells;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Tells what a sweep's read has shown, and no bell announces, neither before the read nor after it:
 * a bell may be on its way. It is not any more when the listening session has heard a bell of its
 * own that was asked for after the read, since all that are rung come in one order.
 */
public final class MissedBells {
  private record Found(Map<TailMember, Integer> messages, long sinceNanos, long newestBell) {}

  private final Doorbells doorbells;
  private final LongSupplier newestBell;
  private final RelayEvents events;
  private final List<Found> waiting = new ArrayList<>();

  /**
   * @param newestBell the number of the listening session's own bell that was asked for last
   */
  public MissedBells(Doorbells doorbells, LongSupplier newestBell, RelayEvents events) {
    this.doorbells = doorbells;
    this.newestBell = newestBell;
    this.events = events;
  }

  /**
   * Of these members, those whose writers had to ring when a read began: what the next one shows is
   * announced.
   */
  Set<TailMember> ringing(Iterable<TailMember> members, long readNanos) {
    Set<TailMember> ringing = new HashSet<>();
    for (TailMember member : members) {
      if (doorbells.isAsleepSince(member.doorbell(), readNanos)) {
        ringing.add(member);
      }
    }
    return ringing;
  }

  /**
   * A sweep's read has shown new messages.
   *
   * @param found how many, by member
   * @param sinceNanos when the read before it began: a bell since then may have announced them
   */
  void found(Map<TailMember, Integer> found, long sinceNanos) {
    if (!found.isEmpty()) {
      waiting.add(new Found(found, sinceNanos, newestBell.getAsLong()));
    }
  }

  /** The listening session has heard its own bell of this number. */
  void heardOwn(long number) {
    for (var it = waiting.iterator(); it.hasNext(); ) {
      Found found = it.next();
      if (number > found.newestBell()) {
        it.remove();
        judge(found);
      }
    }
  }

  private void judge(Found found) {
    found
        .messages()
        .forEach(
            (member, messages) -> {
              if (!doorbells.rungSince(member.doorbell(), found.sinceNanos())) {
                events.missed(member.name(), messages);
              }
            });
  }
}
