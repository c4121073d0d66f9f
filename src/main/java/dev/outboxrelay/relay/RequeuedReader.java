package dev.outboxrelay.relay;

import dev.outboxrelay.relay.Gates.Origin;
import dev.outboxrelay.store.Batch;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/**
 * Reads by their ids messages that a person may have requeued, while no window would bring them.
 */
final class RequeuedReader {
  private final Backlog backlog;
  private final LaneContext context;
  private final TreeSet<Long> wanted = new TreeSet<>();

  /** Wanted in a moment. */
  private final TreeSet<Long> soon = new TreeSet<>();

  /** Being read. */
  private TreeSet<Long> asked = new TreeSet<>();

  private boolean reading;
  private boolean stopped;

  RequeuedReader(Backlog backlog, LaneContext context) {
    this.backlog = backlog;
    this.context = context;
  }

  /** Of these, those that are pending. */
  void want(Collection<Long> ids) {
    wanted.addAll(ids);
  }

  /** This one, after a while. */
  void want(long id, long delayMillis) {
    soon.add(id);
    backlog.later(
        delayMillis,
        () -> {
          soon.remove(id);
          wanted.add(id);
        });
  }

  /** Whether the message is about to be read here. */
  boolean wants(long id) {
    return wanted.contains(id) || asked.contains(id) || soon.contains(id);
  }

  /** What may be pending, and is about to be read here. */
  List<Long> all() {
    TreeSet<Long> all = new TreeSet<>(wanted);
    all.addAll(soon);
    all.addAll(asked);
    return List.copyOf(all);
  }

  void pump() {
    if (wanted.isEmpty() || reading || stopped || !backlog.hasMemory()) {
      return;
    }
    reading = true;
    TreeSet<Long> ids = new TreeSet<>(wanted);
    wanted.clear();
    asked = ids;
    backlog.readSome(
        "requeued messages of ",
        context.config().pageSize(),
        WindowReader.READ_BYTES,
        limits -> context.store().requeued(backlog.name(), ids, limits, backlog.encoding()),
        (batch, ticket) -> {
          reading = false;
          asked = new TreeSet<>();
          came(ids, batch, ticket);
        });
  }

  private void came(TreeSet<Long> ids, Batch batch, long ticket) {
    if (stopped) {
      return;
    }
    if (batch.more()) {
      wanted.addAll(ids.tailSet(batch.lastId(), false));
    }
    batch.nextDueMillis().values().forEach(backlog::dueIn);
    backlog.admit(batch.messages(), Origin.WINDOW, ticket);
    backlog.pump();
  }

  void stop() {
    stopped = true;
    wanted.clear();
  }
}
