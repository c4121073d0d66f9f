// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.settling;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.Backoff;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.ordering.MessageQueue;
import dev.outboxrelay.relay.ordering.MessageQueue.Blocked;
import dev.outboxrelay.relay.ordering.QueuedMessage;
import dev.outboxrelay.relay.reading.DueReader;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.MessageStore.Refused;
import dev.outboxrelay.values.Destination;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a message that was not taken: tried again later, or set aside; marked in the
 * table either way, and its followers behind it.
 */
public final class Refusals {
  private final Settling settling;
  private final Destination destination;
  private final MessageQueue queue;
  private final Holds holds;
  private final DueReader due;
  private final Scheduler loop;
  private final MessageStore store;
  private final RelayEvents events;

  public Refusals(
      Settling settling,
      Destination destination,
      MessageQueue queue,
      Holds holds,
      DueReader due,
      Scheduler loop,
      MessageStore store,
      RelayEvents events) {
    this.settling = settling;
    this.destination = destination;
    this.queue = queue;
    this.holds = holds;
    this.due = due;
    this.loop = loop;
    this.store = store;
    this.events = events;
  }

  /**
   * Refused, or charged with the death of a connection.
   *
   * @param retry false: not again
   * @param retryAfter null: by the destination's backoff
   */
  public void refused(
      QueuedMessage entry, String reason, boolean retry, @Nullable Duration retryAfter) {
    int attempts = entry.message.attempts() + 1;
    if (!retry || attempts >= destination.maxAttempts()) {
      fail(entry, attempts, reason);
      return;
    }
    long delayMillis =
        retryAfter != null
            ? retryAfter.toMillis()
            : new Backoff(destination.retryInitial(), destination.retryMax())
                .delayMillis(attempts, loop.random());
    block(entry);
    events.retried(settling.name(), entry.message.wireId(), attempts, delayMillis, reason);
    long epoch = settling.encoding().epoch();
    settle(
        "retry of ",
        entry,
        () -> store.retry(settling.name(), epoch, named(entry), attempts, delayMillis, reason),
        () -> {
          blocked(entry);
          due.in(delayMillis);
        });
  }

  /** Not sent, since it is over the limit or cannot be read. */
  public void unsendable(QueuedMessage entry) {
    String unreadable = entry.message.unreadable();
    fail(entry, entry.message.attempts(), unreadable != null ? unreadable : tooLarge(entry));
  }

  /** Not sent, since it is worth nothing any more. */
  public void expired(QueuedMessage entry) {
    events.expired(settling.name(), entry.message.wireId());
    fail(entry, entry.message.attempts(), "expired: it was not sent before its time was over");
  }

  private String tooLarge(QueuedMessage entry) {
    return "the row values take "
        + entry.message.rowBytes()
        + " bytes, more than max-message-bytes "
        + settling.maxMessageBytes()
        + ": raise it and requeue, or discard the message";
  }

  private void fail(QueuedMessage entry, int attempts, String error) {
    boolean hold = blocks(entry);
    if (hold) {
      block(entry);
    } else {
      queue.failed(entry);
    }
    events.failed(settling.name(), entry.message.wireId(), attempts, error);
    long epoch = settling.encoding().epoch();
    settle(
        "failure of ",
        entry,
        () -> store.fail(settling.name(), epoch, named(entry), attempts, error),
        () -> {
          if (hold) {
            holds.blocked(entry);
          } else {
            settling.wantHeld(queue.failureWritten(entry));
          }
        });
  }

  /** The message that blocks is marked: what waits for it can be marked, too. */
  public void blocked(QueuedMessage entry) {
    queue.refusalWritten(entry);
    holds.blocked(entry);
  }

  private static Refused named(QueuedMessage entry) {
    return new Refused(entry.id(), entry.message.xid());
  }

  /** Whether the message blocks its gate once it is set aside. */
  public boolean blocks(QueuedMessage entry) {
    return settling.failedToo() && !entry.message.barrier();
  }

  /** What follows in its gate waits for it. */
  public void block(QueuedMessage entry) {
    Blocked blocked = queue.refused(entry);
    if (blocked != null) {
      holds.block(blocked.gate(), blocked.followers());
    }
  }

  /**
   * Writes a message's new state, then forgets it. Where nothing was written a person came first:
   * he has discarded the message while it was in flight, set it aside, or made it owed again.
   */
  private void settle(
      String what, QueuedMessage entry, DatabaseWork.Statement<Boolean> update, Runnable then) {
    long begun = settling.moment();
    settling.update(
        what,
        update,
        written -> {
          settling.marked(List.of(entry));
          then.run();
          if (!written) {
            settling.rereadSoon(entry.id());
          }
          if (!written || settling.hasActedSince(begun)) {
            // What he did was looked at when the relay did not know yet what it has changed itself.
            settling.recheckBlocked();
            settling.readDue();
          }
        });
  }
}
