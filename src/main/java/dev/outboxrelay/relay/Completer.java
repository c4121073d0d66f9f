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

  private final MessageStore store;
  private final Work work;
  private final RelayEvents events;
  private final Map<Consumer<List<Long>>, Pending> pending = new LinkedHashMap<>();
  private int pendingCount;
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

  Completer(MessageStore store, Work work, RelayEvents events) {
    this.store = store;
    this.work = work;
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
    Map<String, List<Long>> ids = new HashMap<>();
    Map<Consumer<List<Long>>, List<Long>> taken = new LinkedHashMap<>();
    Set<String> keep = new HashSet<>();
    int count = 0;
    for (var it = pending.entrySet().iterator(); it.hasNext() && count < BATCH; ) {
      var entry = it.next();
      it.remove();
      Pending acknowledged = entry.getValue();
      taken.put(entry.getKey(), acknowledged.ids);
      ids.computeIfAbsent(acknowledged.destination, d -> new ArrayList<>())
          .addAll(acknowledged.ids);
      if (acknowledged.keep) {
        keep.add(acknowledged.destination);
      }
      count += acknowledged.ids.size();
    }
    int total = count;
    pendingCount -= total;
    underWay++;
    work.submit(
        "completion",
        () -> store.complete(ids, keep),
        found -> {
          underWay--;
          events.completed(total, total - found);
          taken.forEach((then, settled) -> then.accept(settled));
          flush();
        });
  }
}
