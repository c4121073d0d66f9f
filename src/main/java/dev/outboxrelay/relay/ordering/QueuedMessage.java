// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ordering;

import dev.outboxrelay.store.MessageStore.Fate;
import dev.outboxrelay.values.Message;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A message in memory, from its read until its row is settled in the table. Owned by one lane; its
 * state is changed by the lane's {@link MessageQueue} alone.
 */
public final class QueuedMessage {
  /** Where it stands. */
  public enum State {
    /** No queue has it yet. */
    READ,
    /** Waits for a truncate that is before it, or is one that waits for what is before it. */
    BEHIND_TRUNCATE,
    /** Waits for an earlier message of its key, in memory. */
    BEHIND_KEY,
    /** May be sent. */
    READY,
    /** Taken off the queue to be sent, and not answered. */
    IN_FLIGHT,
    /** Answered; what came of it is not written yet. */
    SETTLING,
    /** To be dropped: marked as held in the table, or refused and marked as that already. */
    HELD
  }

  public final Message message;

  private State state = State.READ;

  /** The next one of the same gate. */
  @Nullable QueuedMessage follower;

  public long sentAtNanos;

  /** When it is worth nothing any more; only where the message says so. */
  private long expiresAtNanos;

  private @Nullable Fate fate;

  public QueuedMessage(Message message) {
    this.message = message;
  }

  /** It was read, and is here now. */
  public void begin(long nowNanos) {
    Long millis = message.expiresInMillis();
    if (millis != null) {
      expiresAtNanos = nowNanos + millis * 1_000_000L;
    }
  }

  /** Whether it has expired, where it does at all. */
  public boolean isExpired(long nowNanos) {
    return nowNanos - expiresAtNanos >= 0;
  }

  public State state() {
    return state;
  }

  /** INVARIANT: the order stands on this, so a step from a state that does not allow it throws. */
  void move(Set<State> from, State to) {
    if (!from.contains(state)) {
      throw new IllegalStateException(
          "message " + message.wireId() + " is " + state + " and cannot become " + to);
    }
    state = to;
  }

  /** What a person has done to it, so that it is not to be sent; null when it is. */
  public @Nullable Fate fate() {
    return fate;
  }

  void fate(@Nullable Fate now) {
    fate = now;
  }

  public long id() {
    return message.id();
  }

  public long bytes() {
    return message.bytes() + MemoryBudget.OVERHEAD_BYTES;
  }
}
