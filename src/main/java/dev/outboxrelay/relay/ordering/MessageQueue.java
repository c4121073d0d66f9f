// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ordering;

import dev.outboxrelay.relay.ordering.KeyGates.Origin;
import dev.outboxrelay.relay.ordering.KeyGates.Verdict;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One destination's messages in memory, in their order: which may be sent, and which wait for
 * others. Decides only: it reads nothing, writes nothing, and knows no clock and no thread, so that
 * a test can ask it anything. INVARIANT: what may be sent has nothing before it that its order asks
 * for, and is not settled.
 */
public final class MessageQueue {
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
  public Verdict admit(QueuedMessage entry, Origin origin) {
    Message message = entry.message;
    if (!ordered) {
      ready.add(entry);
      return Verdict.GO;
    }
    if (message.barrier() && (origin == Origin.RETRY || barrier.isAwaited(message.id()))) {
      barrier.adopt(entry);
      ready.add(entry);
      return Verdict.GO;
    }
    if (origin == Origin.WINDOW && barrier.stops(message) && !gates.isBlockedBy(message)) {
      barrier.queue(entry);
      waiting++;
      return Verdict.WAIT;
    }
    return pass(entry, origin);
  }

  private Verdict pass(QueuedMessage entry, Origin origin) {
    Verdict verdict = gates.admit(entry, origin);
    if (verdict == Verdict.GO) {
      ready.add(entry);
    } else if (verdict == Verdict.WAIT) {
      waiting++;
    }
    return verdict;
  }

  /** Not delivered, and nobody is charged: before everything else. Last one first. */
  public void sendAgain(List<QueuedMessage> backwards) {
    backwards.forEach(ready::addFirst);
  }

  /** Not delivered, and nobody is charged: others have their turn first. */
  public void sendLast(QueuedMessage entry) {
    ready.addLast(entry);
  }

  // What goes out. --------------------------------------------------------------------------------

  public boolean isNoneReady() {
    return ready.isEmpty();
  }

  /** Takes the next one that may be sent; there has to be one. */
  public QueuedMessage take() {
    return ready.remove();
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
        ready.add(next);
      } else if (pass(next, Origin.WINDOW) == Verdict.HOLD) {
        hold.accept(next);
      }
    }
    return truncated;
  }

  /**
   * A message that was sent, or is not to be sent any more, is settled: what waited for it may go.
   *
   * @return its gate if that may have held messages now, null otherwise
   */
  public @Nullable Gate advance(QueuedMessage entry) {
    if (barrier.isActive(entry)) {
      barrier.settled(entry.id());
      return null;
    }
    QueuedMessage next = gates.settle(entry);
    if (next == null) {
      return ordered ? entry.message.gate() : null;
    }
    waiting--;
    ready.add(next);
    return null;
  }

  /** So many do not wait in memory behind another one any more: they are held in the table. */
  public void waitNoMore(int messages) {
    waiting -= messages;
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
