// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ordering;

import dev.outboxrelay.relay.ordering.KeyGates.Origin;
import dev.outboxrelay.relay.ordering.KeyGates.Verdict;
import dev.outboxrelay.relay.ordering.QueuedMessage.State;
import dev.outboxrelay.store.MessageStore.Fate;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One destination's messages in memory, in their order: which may be sent, and which wait for
 * others. Decides only: it reads nothing, writes nothing, and knows no clock and no thread, so that
 * a test can ask it anything. INVARIANT: what may be sent has nothing before it that its order asks
 * for, and is not settled.
 */
public final class MessageQueue {
  /** A gate that a refused message blocks, and what is to be held behind it. */
  public record Blocked(Gate gate, List<QueuedMessage> followers) {}

  // From which states a step may be taken. Sets made once: a message costs no allocation here.
  private static final Set<State> NEW = EnumSet.of(State.READ, State.BEHIND_TRUNCATE);
  private static final Set<State> IN_GATE = EnumSet.of(State.BEHIND_KEY);
  private static final Set<State> SENDABLE = EnumSet.of(State.READY);
  private static final Set<State> SENT = EnumSet.of(State.IN_FLIGHT);
  private static final Set<State> ANSWERED = EnumSet.of(State.SETTLING);

  private final boolean ordered;
  private final KeyGates gates;
  private final Barrier barrier;
  private final ArrayDeque<QueuedMessage> ready = new ArrayDeque<>();

  /** In memory behind another message. */
  private int waiting;

  /**
   * @param ordered whether messages of a key keep their order
   */
  public MessageQueue(boolean ordered, KeyGates gates, Barrier barrier) {
    this.ordered = ordered;
    this.gates = gates;
    this.barrier = barrier;
  }

  // What comes in. --------------------------------------------------------------------------------

  /**
   * A message was read that is not known.
   *
   * @return what becomes of it; to hold it in the table is the caller's
   */
  public Verdict read(QueuedMessage entry, Origin origin) {
    Message message = entry.message;
    if (!ordered) {
      return ready(entry, NEW);
    }
    if (message.barrier() && (origin == Origin.RETRY || barrier.isAwaited(message.id()))) {
      barrier.adopt(entry);
      return ready(entry, NEW);
    }
    if (origin == Origin.WINDOW && barrier.stops(message) && !gates.isBlockedBy(message)) {
      entry.move(NEW, State.BEHIND_TRUNCATE);
      barrier.queue(entry);
      waiting++;
      return Verdict.WAIT;
    }
    return pass(entry, origin);
  }

  private Verdict ready(QueuedMessage entry, Set<State> from) {
    entry.move(from, State.READY);
    ready.addLast(entry);
    return Verdict.GO;
  }

  private Verdict pass(QueuedMessage entry, Origin origin) {
    Verdict verdict = gates.admit(entry, origin);
    switch (verdict) {
      case GO -> ready(entry, NEW);
      case WAIT -> {
        entry.move(NEW, State.BEHIND_KEY);
        waiting++;
      }
      case HOLD -> entry.move(NEW, State.HELD);
    }
    return verdict;
  }

  /** What a person has done to a message; null when that is undone. It is sent then. */
  public void touched(QueuedMessage entry, @Nullable Fate fate) {
    entry.fate(fate);
  }

  // What is answered. -----------------------------------------------------------------------------

  /**
   * Delivered: what waited for it may go.
   *
   * @return its gate if that may have held messages now, null otherwise
   */
  public @Nullable Gate delivered(QueuedMessage entry) {
    entry.move(SENT, State.SETTLING);
    return advance(entry);
  }

  /**
   * A person has taken it off the table, or done something that holds up nobody: it is not sent,
   * and what waited for it may go.
   *
   * @return its gate if that may have held messages now, null otherwise
   */
  public @Nullable Gate gone(QueuedMessage entry) {
    entry.move(SENT, State.SETTLING);
    return advance(entry);
  }

  /**
   * Refused, and others must not pass it: what follows in its gate is to be held.
   *
   * @return null when it has no gate to block
   */
  public @Nullable Blocked refused(QueuedMessage entry) {
    entry.move(SENT, State.SETTLING);
    Gate gate = entry.message.gate();
    if (!ordered || gate == null || barrier.isActive(entry)) {
      return null;
    }
    List<QueuedMessage> followers = gates.block(entry);
    followers.forEach(follower -> follower.move(IN_GATE, State.HELD));
    waiting -= followers.size();
    return new Blocked(gate, followers);
  }

  /** That it was refused is written: a truncate is waited for, until it comes back. */
  public void refusalWritten(QueuedMessage entry) {
    if (barrier.isActive(entry)) {
      barrier.waitsFor(entry.id());
    }
  }

  /** Refused for good, and others may pass it; nothing moves before that is written. */
  public void failed(QueuedMessage entry) {
    entry.move(SENT, State.SETTLING);
  }

  /**
   * That it has failed is written: what waited for it may go.
   *
   * @return its gate if that may have held messages now, null otherwise
   */
  public @Nullable Gate failureWritten(QueuedMessage entry) {
    entry.move(ANSWERED, State.SETTLING);
    return advance(entry);
  }

  /** The receiver takes no more at the moment. Nobody is charged: it goes before all others. */
  public void deferred(QueuedMessage entry) {
    entry.move(SENT, State.READY);
    ready.addFirst(entry);
  }

  /** The receiver wants nothing until a person has looked. Nobody is charged: as if deferred. */
  public void paused(QueuedMessage entry) {
    deferred(entry);
  }

  /**
   * Their connection ended, and nobody knows whose fault it was: they go before all others.
   *
   * @param entries in the order of sending
   */
  public void unanswered(List<QueuedMessage> entries) {
    for (int n = entries.size() - 1; n >= 0; n--) {
      deferred(entries.get(n));
    }
  }

  /** Its connection ended with it alone in flight, and it is not charged: it goes after others. */
  public void suspected(QueuedMessage entry) {
    ready(entry, SENT);
  }

  private @Nullable Gate advance(QueuedMessage entry) {
    if (barrier.isActive(entry)) {
      barrier.settled(entry.id());
      return null;
    }
    QueuedMessage next = gates.settle(entry);
    if (next == null) {
      return ordered ? entry.message.gate() : null;
    }
    waiting--;
    ready(next, IN_GATE);
    return null;
  }

  // What goes out. --------------------------------------------------------------------------------

  public boolean isNoneReady() {
    return ready.isEmpty();
  }

  /** Takes the next one that may be sent; there has to be one. */
  public QueuedMessage take() {
    QueuedMessage entry = ready.remove();
    entry.move(SENDABLE, State.IN_FLIGHT);
    return entry;
  }

  /** Nothing is in memory but what waits behind a truncate, and no key waits for a refused one. */
  public boolean isOnlyBehindTruncate() {
    return ready.isEmpty() && waiting == barrier.queued() && gates.parkedCount() == 0;
  }

  /** Whether a truncate is the next to go, once everything before it is settled. */
  public boolean isTruncateNext() {
    return barrier.isTruncateNext();
  }

  /**
   * Lets go what waited behind a truncate that is settled, up to the next one, and that one if
   * nothing is before it.
   *
   * @param nothingBefore whether everything before the next truncate is settled
   * @param hold gets what is to be held in the table
   * @return whether a truncate went
   */
  public boolean passBarrier(boolean nothingBefore, Consumer<QueuedMessage> hold) {
    boolean truncated = false;
    for (QueuedMessage next = barrier.next(nothingBefore);
        next != null;
        next = barrier.next(false)) {
      waiting--;
      if (next.message.barrier()) {
        truncated = true;
        ready(next, NEW);
      } else if (pass(next, Origin.WINDOW) == Verdict.HOLD) {
        hold.accept(next);
      }
    }
    return truncated;
  }

  // How much there is. ----------------------------------------------------------------------------

  /** In memory, and not sent. */
  public int size() {
    return ready.size() + waiting;
  }

  public boolean isEmpty() {
    return ready.isEmpty() && waiting == 0;
  }

  /** What may not be sent yet, and most of what is in flight; some twice. */
  public void forEach(Consumer<QueuedMessage> action) {
    ready.forEach(action);
    gates.forEach(action);
    barrier.forEachQueued(action);
  }
}
