// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ordering;

import dev.outboxrelay.values.Message;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a truncate in its place: everything before it is settled first, everything after it waits
 * in here. Without a truncate there is nothing in here.
 */
public final class Barrier {
  private final ArrayDeque<QueuedMessage> queue = new ArrayDeque<>();
  private long queuedBytes;

  /** Truncates that were let through and are not settled: one, but for those that come back. */
  private final Set<Long> active = new HashSet<>();

  /** Refused truncates that are waited for. */
  private final TreeSet<Long> awaited = new TreeSet<>();

  /**
   * A truncate was refused; it comes back by its time, or by a window when a person requeues it.
   */
  public void waitsFor(long id) {
    active.remove(id);
    awaited.add(id);
  }

  /** The refused truncates that are waited for. */
  public Set<Long> awaited() {
    return Set.copyOf(awaited);
  }

  public boolean isAwaited(long id) {
    return awaited.contains(id);
  }

  /** Nothing goes on before a refused truncate comes back. */
  public boolean isHeldUp() {
    return active.isEmpty() && !awaited.isEmpty();
  }

  private boolean isClosed() {
    return !active.isEmpty() || !awaited.isEmpty();
  }

  /** Whether a message that was read in a window must not go past. */
  public boolean stops(Message message) {
    return isClosed() || message.barrier() || !queue.isEmpty();
  }

  public void queue(QueuedMessage entry) {
    queue.add(entry);
    queuedBytes += entry.bytes();
  }

  /** Whether a truncate waits, or is waited for. */
  public boolean isShut() {
    return isClosed() || !queue.isEmpty();
  }

  /** A refused truncate has come back. */
  public void adopt(QueuedMessage entry) {
    awaited.remove(entry.id());
    active.add(entry.id());
  }

  public boolean isActive(QueuedMessage entry) {
    return active.contains(entry.id());
  }

  /** The truncate is delivered, set aside, or gone. */
  public void settled(long id) {
    active.remove(id);
    awaited.remove(id);
  }

  void forEachQueued(Consumer<QueuedMessage> action) {
    queue.forEach(action);
  }

  public int queued() {
    return queue.size();
  }

  public long queuedBytes() {
    return queuedBytes;
  }

  /** Whether a truncate is the next to go, once everything before it is settled. */
  boolean isTruncateNext() {
    QueuedMessage head = queue.peek();
    return !isClosed() && head != null && head.message.barrier();
  }

  /**
   * What may go now: an ordinary message, or a truncate if nothing before it is left.
   *
   * @return null when nothing may
   */
  public @Nullable QueuedMessage next(boolean nothingBefore) {
    QueuedMessage head = queue.peek();
    if (isClosed() || head == null) {
      return null;
    }
    if (head.message.barrier()) {
      if (!nothingBefore) {
        return null;
      }
      active.add(head.id());
    }
    queuedBytes -= head.bytes();
    return queue.remove();
  }
}
