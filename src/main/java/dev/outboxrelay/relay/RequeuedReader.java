// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.relay.Gates.Origin;
import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.MessageStore;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/**
 * Reads by their ids messages that a person may have requeued, while no window would bring them.
 */
final class RequeuedReader {
  private final Intake intake;
  private final MessageStore store;
  private final TreeSet<Long> wanted = new TreeSet<>();

  /** Wanted in a moment. */
  private final TreeSet<Long> soon = new TreeSet<>();

  /** Being read. */
  private TreeSet<Long> asked = new TreeSet<>();

  private boolean reading;
  private boolean stopped;

  RequeuedReader(Intake intake, MessageStore store) {
    this.intake = intake;
    this.store = store;
  }

  /** Of these, those that are pending. */
  void want(Collection<Long> ids) {
    wanted.addAll(ids);
  }

  /** This one, after a while. */
  void want(long id, long delayMillis) {
    soon.add(id);
    intake.later(
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
    if (wanted.isEmpty() || reading || stopped || !intake.hasMemory()) {
      return;
    }
    reading = true;
    TreeSet<Long> ids = new TreeSet<>(wanted);
    wanted.clear();
    asked = ids;
    intake.readSome(
        "requeued messages of ",
        intake.pageSize(),
        WindowReader.READ_BYTES,
        limits -> store.requeued(intake.name(), ids, limits, intake.encoding()),
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
    batch.nextDueMillis().values().forEach(intake::dueIn);
    intake.admit(batch.messages(), Origin.WINDOW, ticket);
    intake.pump();
  }

  void stop() {
    stopped = true;
    wanted.clear();
  }
}
