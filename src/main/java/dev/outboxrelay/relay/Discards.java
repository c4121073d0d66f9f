package dev.outboxrelay.relay;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Finds out which messages in memory a person has taken off the table, so that they are not sent.
 * One look at a time, however many messages are discarded one by one.
 */
final class Discards {
  private final Backlog backlog;
  private final LaneContext context;
  private final Consumer<Consumer<Entry>> collect;
  private boolean looking;
  private boolean wanted;

  /**
   * @param collect tells what is in memory and not settled
   */
  Discards(Backlog backlog, LaneContext context, Consumer<Consumer<Entry>> collect) {
    this.backlog = backlog;
    this.context = context;
    this.collect = collect;
  }

  /** A person has acted: look whether everything in memory is still there. */
  void look() {
    wanted = true;
    if (looking) {
      return;
    }
    wanted = false;
    Map<Long, Entry> entries = inMemory();
    if (entries.isEmpty()) {
      return;
    }
    looking = true;
    List<Long> ids = new ArrayList<>(entries.keySet());
    backlog.read(
        "messages in memory of ",
        () -> context.store().existing(backlog.name(), ids),
        (existing, ticket) -> {
          looking = false;
          mark(entries, existing);
          if (wanted) {
            look();
          }
        },
        () -> {});
  }

  private Map<Long, Entry> inMemory() {
    Map<Long, Entry> entries = new HashMap<>();
    collect.accept(
        entry -> {
          if (!entry.discarded) {
            entries.put(entry.id(), entry);
          }
        });
    return entries;
  }

  /** A row that is gone never comes back, so the mark stays right whatever happens meanwhile. */
  private void mark(Map<Long, Entry> entries, Set<Long> existing) {
    entries.keySet().removeAll(existing);
    if (entries.isEmpty()) {
      return;
    }
    Map<Long, Entry> still = inMemory();
    entries.keySet().retainAll(still.keySet()); // others are delivered, and off the table for that
    if (!entries.isEmpty()) {
      entries.values().forEach(entry -> entry.discarded = true);
      context.events().discarded(backlog.name(), entries.size());
      backlog.pump();
    }
  }
}
