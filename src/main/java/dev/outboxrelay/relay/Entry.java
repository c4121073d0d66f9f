// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.store.MessageStore.Fate;
import dev.outboxrelay.values.Message;
import org.jspecify.annotations.Nullable;

/** A message in memory, from its read until its row is settled in the table. Owned by one lane. */
final class Entry {
  final Message message;

  /** The next one of the same gate. */
  @Nullable Entry follower;

  long sentAtNanos;

  /** What a person has done to it, so that it is not to be sent; null when it is. */
  @Nullable Fate fate;

  Entry(Message message) {
    this.message = message;
  }

  long id() {
    return message.id();
  }

  long bytes() {
    return message.bytes() + MemoryBudget.OVERHEAD_BYTES;
  }
}
