// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.settling;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.OnceMore;
import dev.outboxrelay.relay.ordering.MessageQueue;
import dev.outboxrelay.relay.ordering.QueuedMessage;
import dev.outboxrelay.relay.reading.Intake;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.MessageStore.Fate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds out which messages in memory a person has taken off the table, set aside, or put off, so
 * that they are not sent. One look at a time, however many messages are touched one by one.
 */
public final class Discards {
  private final Intake intake;
  private final MessageStore store;
  private final RelayEvents events;
  private final MessageQueue queue;
  private final OnceMore looks = new OnceMore();

  public Discards(Intake intake, MessageStore store, RelayEvents events, MessageQueue queue) {
    this.intake = intake;
    this.store = store;
    this.events = events;
    this.queue = queue;
  }

  /** A person has acted: look whether everything in memory is still to be sent. */
  public void look() {
    looks.want();
    if (!looks.begin()) {
      return;
    }
    Map<Long, QueuedMessage> entries = inMemory();
    if (entries.isEmpty()) {
      looks.end();
      return;
    }
    List<Long> ids = new ArrayList<>(entries.keySet());
    intake.read(
        "messages in memory of ",
        0,
        () -> store.fates(intake.name(), ids),
        (fates, ticket) -> {
          looks.end();
          mark(entries, fates);
          if (looks.isWanted()) {
            look();
          }
        });
  }

  private Map<Long, QueuedMessage> inMemory() {
    Map<Long, QueuedMessage> entries = new HashMap<>();
    queue.forEach(
        entry -> {
          if (entry.fate() != Fate.GONE) {
            entries.put(entry.id(), entry);
          }
        });
    return entries;
  }

  /**
   * Marks what is still in memory; others are delivered, and off the table for that. A row that is
   * gone never comes back; what else is done may be undone, and is looked at again then.
   */
  private void mark(Map<Long, QueuedMessage> asked, Map<Long, Fate> fates) {
    int taken = 0;
    for (QueuedMessage entry : inMemory().values()) {
      if (asked.get(entry.id()) != entry) {
        continue;
      }
      Fate fate = fates.get(entry.id());
      if (fate != null && entry.fate() == null) {
        taken++;
      }
      queue.touched(entry, fate);
    }
    if (taken > 0) {
      events.discarded(intake.name(), taken);
      intake.pump();
    }
  }
}
