package dev.outboxrelay.relay;

import dev.outboxrelay.store.MessageStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Takes delivered messages off the table, in batches that form by themselves: what is acknowledged
 * while deletes are under way makes the next batch. No timer, so nothing waits when there is little
 * to do.
 */
final class Completer {
  /** Deletes under way at once, at most. */
  private static final int PARALLEL = 2;

  /** Ids in one delete, at most. */
  private static final int BATCH = 5000;

  /** Under load a delete waits until this many ids are there, or no other is under way. */
  private static final int WORTHWHILE = 500;

  /** After so long it is looked again whether rows are free that others had locked. */
  static final long LOCKED_MILLIS = 1000;

  private final MessageStore store;
  private final Work work;
  private final Scheduler core;
  private final RelayEvents events;
  private final Map<Consumer<List<Long>>, Pending> pending = new LinkedHashMap<>();
  private int pendingCount;

  /** Their rows are locked by others; they are completed apart, so that they delay no one. */
  private final Map<Consumer<List<Long>>, Pending> locked = new LinkedHashMap<>();

  private boolean unlocking;
  private int underWay;

  private static final class Pending {
    final String destination;
    final boolean keep;
    final List<Long> ids = new ArrayList<>();

    Pending(String destination, boolean keep) {
      this.destination = destination;
      this.keep = keep;
    }
  }

  Completer(MessageStore store, Work work, Scheduler core, RelayEvents events) {
    this.store = store;
    this.work = work;
    this.core = core;
    this.events = events;
  }

  /**
   * Adds a delivered message.
   *
   * @param keep the destination keeps delivered rows
   * @param then gets the ids when their rows are settled, in one call or several; the same object
   *     each time
   */
  void add(String destination, long id, boolean keep, Consumer<List<Long>> then) {
    pending.computeIfAbsent(then, t -> new Pending(destination, keep)).ids.add(id);
    pendingCount++;
  }

  /** Starts what is worth starting; to be called after a run of {@link #add}. */
  void flush() {
    while (pendingCount > 0
        && underWay < PARALLEL
        && (underWay == 0 || pendingCount >= WORTHWHILE)) {
      start();
    }
  }

  private void start() {
    underWay++;
    pendingCount -=
        start(
            pending,
            () -> {
              underWay--;
              flush();
            });
  }

  /**
   * Takes a batch off the map and completes it.
   *
   * @return how many ids
   */
  private int start(Map<Consumer<List<Long>>, Pending> from, Runnable ended) {
    Map<String, List<Long>> ids = new HashMap<>();
    Map<Consumer<List<Long>>, Pending> taken = new LinkedHashMap<>();
    Set<String> keep = new HashSet<>();
    int count = 0;
    for (var it = from.entrySet().iterator(); it.hasNext() && count < BATCH; ) {
      var entry = it.next();
      it.remove();
      Pending acknowledged = entry.getValue();
      taken.put(entry.getKey(), acknowledged);
      ids.computeIfAbsent(acknowledged.destination, d -> new ArrayList<>())
          .addAll(acknowledged.ids);
      if (acknowledged.keep) {
        keep.add(acknowledged.destination);
      }
      count += acknowledged.ids.size();
    }
    int total = count;
    work.submit(
        "completion",
        () -> store.complete(ids, keep),
        done -> {
          int settled = total - done.locked().size();
          events.completed(settled, settled - done.found());
          taken.forEach((then, acknowledged) -> settle(then, acknowledged, done.locked()));
          ended.run();
        });
    return total;
  }

  private void settle(Consumer<List<Long>> then, Pending acknowledged, Set<Long> left) {
    if (left.isEmpty()) {
      then.accept(acknowledged.ids);
      return;
    }
    List<Long> settled = new ArrayList<>();
    for (long id : acknowledged.ids) {
      if (left.contains(id)) {
        locked
            .computeIfAbsent(then, t -> new Pending(acknowledged.destination, acknowledged.keep))
            .ids
            .add(id);
      } else {
        settled.add(id);
      }
    }
    then.accept(settled);
    unlockLater();
  }

  /** One batch at a time, however many rows are locked. */
  private void unlockLater() {
    if (unlocking || locked.isEmpty()) {
      return;
    }
    unlocking = true;
    core.schedule(
        LOCKED_MILLIS,
        () ->
            start(
                locked,
                () -> {
                  unlocking = false;
                  unlockLater();
                }));
  }
}
