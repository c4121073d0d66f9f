package dev.outboxrelay.relay;

import dev.outboxrelay.values.Message;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a truncate in its place: everything before it is settled first, everything after it waits
 * in here. Without a truncate there is nothing in here.
 */
final class Barrier {
  private final ArrayDeque<Entry> queue = new ArrayDeque<>();
  private long queuedBytes;
  private boolean closed;
  private long waitsForId;
  private @Nullable Entry active;

  /**
   * A truncate was refused; it comes back by its time, or by a window when a person requeues it.
   */
  void waitsFor(long id) {
    closed = true;
    active = null;
    waitsForId = id;
  }

  /** The refused truncate that is waited for, 0 when none is. */
  long waitsForId() {
    return waitsForId;
  }

  /** Whether a message that was read in a window must not go past. */
  boolean stops(Message message) {
    return closed || message.barrier() || !queue.isEmpty();
  }

  void queue(Entry entry) {
    queue.add(entry);
    queuedBytes += entry.bytes();
  }

  /** Whether a truncate waits, or is waited for. */
  boolean isShut() {
    return closed || !queue.isEmpty();
  }

  /** A refused truncate has come back. */
  void adopt(Entry entry) {
    closed = true;
    active = entry;
    waitsForId = 0;
  }

  boolean isActive(Entry entry) {
    return active != null && active.id() == entry.id();
  }

  /** The truncate is delivered or set aside. */
  void settled() {
    closed = false;
    active = null;
    waitsForId = 0;
  }

  void forEachQueued(Consumer<Entry> action) {
    queue.forEach(action);
  }

  int queued() {
    return queue.size();
  }

  long queuedBytes() {
    return queuedBytes;
  }

  /** Whether a truncate is the next to go, once everything before it is settled. */
  boolean isTruncateNext() {
    Entry head = queue.peek();
    return !closed && head != null && head.message.barrier();
  }

  /**
   * What may go now: an ordinary message, or a truncate if nothing before it is left.
   *
   * @return null when nothing may
   */
  @Nullable Entry next(boolean nothingBefore) {
    Entry head = queue.peek();
    if (closed || head == null) {
      return null;
    }
    if (head.message.barrier()) {
      if (!nothingBefore) {
        return null;
      }
      closed = true;
      active = head;
    }
    queuedBytes -= head.bytes();
    return queue.remove();
  }
}
