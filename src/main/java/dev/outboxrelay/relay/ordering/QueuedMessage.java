// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ordering;

import dev.outboxrelay.store.MessageStore.Fate;
import dev.outboxrelay.values.Message;
import org.jspecify.annotations.Nullable;

/** A message in memory, from its read until its row is settled in the table. Owned by one lane. */
public final class QueuedMessage {
  public final Message message;

  /** The next one of the same gate. */
  @Nullable QueuedMessage follower;

  public long sentAtNanos;

  /** What a person has done to it, so that it is not to be sent; null when it is. */
  public @Nullable Fate fate;

  public QueuedMessage(Message message) {
    this.message = message;
  }

  public long id() {
    return message.id();
  }

  public long bytes() {
    return message.bytes() + MemoryBudget.OVERHEAD_BYTES;
  }
}
