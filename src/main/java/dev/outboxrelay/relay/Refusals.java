package dev.outboxrelay.relay;

import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Gate;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a message that was not taken: tried again later, or set aside; marked in the
 * table either way, and its followers behind it.
 */
final class Refusals {
  private final Backlog backlog;
  private final Destination destination;
  private final Gates gates;
  private final Barrier barrier;
  private final Holds holds;
  private final DueReader due;
  private final RequeuedReader requeued;
  private final LaneContext context;

  /**
   * Refused, and not marked yet. True: a read has shown the message meanwhile, perhaps since a
   * person has requeued it before this relay heard that its own update is committed.
   */
  private final Map<Long, Boolean> settling = new HashMap<>();

  Refusals(
      Backlog backlog,
      Destination destination,
      Gates gates,
      Barrier barrier,
      Holds holds,
      DueReader due,
      RequeuedReader requeued,
      LaneContext context) {
    this.backlog = backlog;
    this.destination = destination;
    this.gates = gates;
    this.barrier = barrier;
    this.holds = holds;
    this.due = due;
    this.requeued = requeued;
    this.context = context;
  }

  /** A read has shown a message that is known. */
  void shown(long id) {
    if (!settling.isEmpty()) {
      settling.computeIfPresent(id, (known, shown) -> true);
    }
  }

  /**
   * Refused, or charged with the death of a connection.
   *
   * @param retry false: not again
   * @param retryAfter null: by the destination's backoff
   */
  void refused(Entry entry, String reason, boolean retry, @Nullable Duration retryAfter) {
    int attempts = entry.message.attempts() + 1;
    if (!retry || attempts >= destination.maxAttempts()) {
      fail(entry, attempts, reason);
      return;
    }
    long delayMillis =
        retryAfter != null
            ? retryAfter.toMillis()
            : new Backoff(destination.retryInitial(), destination.retryMax())
                .delayMillis(attempts, ThreadLocalRandom.current());
    block(entry);
    context.events().retried(backlog.name(), entry.message.wireId(), attempts, delayMillis, reason);
    MessageStore store = context.store();
    long epoch = backlog.encoding().epoch();
    settle(
        "retry of ",
        entry,
        () -> store.retry(backlog.name(), epoch, entry.id(), attempts, delayMillis, reason),
        () -> {
          if (barrier.isActive(entry)) {
            barrier.waitsFor(entry.id());
          }
          holds.blocked(entry);
          due.in(delayMillis);
        });
  }

  /** Not sent, since it is over the limit. */
  void tooLarge(Entry entry) {
    String reason =
        "the row values take "
            + entry.message.rowBytes()
            + " bytes, more than max-message-bytes "
            + context.config().maxMessageBytes()
            + ": raise it and requeue, or discard the message";
    fail(entry, entry.message.attempts(), reason);
  }

  private void fail(Entry entry, int attempts, String error) {
    boolean hold = backlog.failedToo() && !entry.message.barrier();
    if (hold) {
      block(entry);
    }
    context.events().failed(backlog.name(), entry.message.wireId(), attempts, error);
    MessageStore store = context.store();
    long epoch = backlog.encoding().epoch();
    settle(
        "failure of ",
        entry,
        () -> store.fail(backlog.name(), epoch, entry.id(), attempts, error),
        () -> {
          if (hold) {
            holds.blocked(entry);
          } else {
            backlog.advance(entry);
          }
        });
  }

  private void block(Entry entry) {
    Gate gate = entry.message.gate();
    if (backlog.isOrdered() && gate != null && !barrier.isActive(entry)) {
      List<Entry> followers = gates.block(entry);
      backlog.waitNoMore(followers.size());
      holds.block(gate, followers);
    }
  }

  /**
   * Writes a message's new state, then forgets it. Where its row is gone, a person has discarded it
   * while it was in flight: then nothing waits for it.
   */
  private void settle(String what, Entry entry, Work.Statement<Boolean> update, Runnable then) {
    settling.put(entry.id(), false);
    backlog.update(
        what,
        update,
        found -> {
          backlog.marked(List.of(entry));
          boolean shownAgain = Boolean.TRUE.equals(settling.remove(entry.id()));
          then.run();
          if (!found) {
            backlog.recheckBlocked();
          }
          if (shownAgain) {
            requeued.want(List.of(entry.id()));
          }
        });
  }
}
