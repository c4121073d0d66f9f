// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.settling;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.loop.Troubles;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.values.Message;
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
 * while deletes are under way, or shortly after one, makes the next batch. When there is little to
 * do, nothing waits.
 */
public final class Completer {
  /** Deletes under way at once, at most. */
  private static final int PARALLEL = 2;

  /** Ids in one delete, at most. */
  private static final int BATCH = 5000;

  /** So many ids are deleted at once; fewer wait until no other delete is under way, and rest. */
  private static final int WORTHWHILE = 500;

  /**
   * From the start of a delete to the start of one with fewer ids: a small delete costs the
   * database as much as a commit of the application, and nobody waits for it.
   */
  private static final long REST_MILLIS = 10;

  /** After so long it is looked again whether rows are free that others had locked. */
  static final long LOCKED_MILLIS = 1000;

  private final MessageStore store;
  private final DatabaseWork databaseWork;
  private final Troubles troubles;
  private final Scheduler loop;
  private final RelayEvents events;
  private final Map<Consumer<List<Long>>, Pending> pending = new LinkedHashMap<>();
  private int pendingCount;

  /** Their rows are locked by others; they are completed apart, so that they delay no one. */
  private final Map<Consumer<List<Long>>, Pending> locked = new LinkedHashMap<>();

  private boolean unlocking;
  private int underWay;

  /** When the last delete was started. */
  private long lastStartNanos = Long.MIN_VALUE / 2;

  /** A flush is scheduled. */
  private boolean resting;

  private static final class Pending {
    final String destination;
    final boolean keep;
    final List<Long> ids = new ArrayList<>();
    final Set<Long> xids = new HashSet<>();

    Pending(String destination, boolean keep) {
      this.destination = destination;
      this.keep = keep;
    }
  }

  public Completer(
      MessageStore store,
      DatabaseWork databaseWork,
      Troubles troubles,
      Scheduler loop,
      RelayEvents events) {
    this.store = store;
    this.databaseWork = databaseWork;
    this.troubles = troubles;
    this.loop = loop;
    this.events = events;
  }

  /**
   * Adds a delivered message.
   *
   * @param keep the destination keeps delivered rows
   * @param then gets the ids when their rows are settled, in one call or several, none of them
   *     empty; the same object each time
   */
  public void add(String destination, Message message, boolean keep, Consumer<List<Long>> then) {
    Pending acknowledged = pending.computeIfAbsent(then, t -> new Pending(destination, keep));
    acknowledged.ids.add(message.id());
    if (keep) {
      acknowledged.xids.add(message.xid());
    }
    pendingCount++;
  }

  /** Starts what is worth starting; to be called after a run of {@link #add}. */
  public void flush() {
    while (pendingCount > 0
        && underWay < PARALLEL
        && (pendingCount >= WORTHWHILE || underWay == 0 && rested())) {
      start();
    }
  }

  /**
   * Whether the last delete is long enough ago for a small one; if not, it is looked again then.
   */
  private boolean rested() {
    long rest = lastStartNanos + REST_MILLIS * 1_000_000 - loop.nanoTime();
    if (rest <= 0) {
      return true;
    }
    if (!resting) {
      resting = true;
      loop.schedule(
          rest / 1_000_000 + 1,
          () -> {
            resting = false;
            flush();
          });
    }
    return false;
  }

  private void start() {
    underWay++;
    lastStartNanos = loop.nanoTime();
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
    Map<String, Set<Long>> keep = new HashMap<>();
    int count = 0;
    for (var it = from.entrySet().iterator(); it.hasNext() && count < BATCH; ) {
      var entry = it.next();
      it.remove();
      Pending acknowledged = entry.getValue();
      taken.put(entry.getKey(), acknowledged);
      ids.computeIfAbsent(acknowledged.destination, d -> new ArrayList<>())
          .addAll(acknowledged.ids);
      if (acknowledged.keep) {
        keep.computeIfAbsent(acknowledged.destination, d -> new HashSet<>())
            .addAll(acknowledged.xids);
      }
      count += acknowledged.ids.size();
    }
    int total = count;
    databaseWork.submit(
        "completion",
        troubles.watched(ids.keySet(), "completion", () -> store.complete(ids, keep)),
        done -> {
          int settled = total - done.left().size();
          events.completed(settled, settled - done.found());
          taken.forEach((then, acknowledged) -> settle(then, acknowledged, done.left()));
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
        Pending waiting =
            locked.computeIfAbsent(
                then, t -> new Pending(acknowledged.destination, acknowledged.keep));
        waiting.ids.add(id);
        waiting.xids.addAll(acknowledged.xids);
      } else {
        settled.add(id);
      }
    }
    if (!settled.isEmpty()) {
      then.accept(settled);
    }
    unlockLater();
  }

  /** One batch at a time, however many rows are locked. */
  private void unlockLater() {
    if (unlocking || locked.isEmpty()) {
      return;
    }
    unlocking = true;
    loop.schedule(
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
