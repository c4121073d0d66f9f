// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.relay.ordering.KeyGates.Origin;
import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.MessageStore;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/**
 * Reads by their ids messages that a person may have requeued, while no window would bring them.
 */
public final class RequeuedReader {
  private final Intake intake;
  private final MessageStore store;
  private final TreeSet<Long> wanted = new TreeSet<>();

  /** Wanted in a moment. */
  private final TreeSet<Long> soon = new TreeSet<>();

  /** Being read. */
  private TreeSet<Long> asked = new TreeSet<>();

  private boolean reading;
  private boolean stopped;

  public RequeuedReader(Intake intake, MessageStore store) {
    this.intake = intake;
    this.store = store;
  }

  /** Of these, those that are pending. */
  public void want(Collection<Long> ids) {
    wanted.addAll(ids);
  }

  /** This one, after a while. */
  public void want(long id, long delayMillis) {
    soon.add(id);
    intake.later(
        delayMillis,
        () -> {
          soon.remove(id);
          wanted.add(id);
        });
  }

  /** Whether the message is about to be read here. */
  public boolean wants(long id) {
    return wanted.contains(id) || asked.contains(id) || soon.contains(id);
  }

  /** What may be pending, and is about to be read here. */
  public List<Long> all() {
    TreeSet<Long> all = new TreeSet<>(wanted);
    all.addAll(soon);
    all.addAll(asked);
    return List.copyOf(all);
  }

  public void pump() {
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
        PageReader.READ_BYTES,
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

  public void stop() {
    stopped = true;
    wanted.clear();
  }
}
