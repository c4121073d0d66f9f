// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ordering;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * The bytes that messages in memory may take, all destinations together. A read reserves before it
 * starts; since a read always brings at least one message, the budget may be passed by one message
 * a read.
 */
public final class MemoryBudget {
  /** What a message costs beside its body. */
  static final long OVERHEAD_BYTES = 256;

  private final long limitBytes;
  private long usedBytes;
  private int users;

  /** Ends of reads that are being dealt with. */
  private int exchanging;

  private final Queue<Runnable> waiting = new ArrayDeque<>();

  public MemoryBudget(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** Someone begins to keep messages; a share is laid aside for each. */
  public void enter() {
    users++;
  }

  public void leave() {
    users--;
  }

  /** What one user may keep. */
  public long shareBytes() {
    return Math.max(OVERHEAD_BYTES * 16, limitBytes / (1 + Math.max(1, users)));
  }

  /** Reserves all or part, at least a sixteenth of what is asked; 0 when there is no room. */
  public long reserve(long bytes) {
    long free = limitBytes - usedBytes;
    long granted = Math.min(bytes, free);
    if (granted < Math.max(1, bytes / 16)) {
      return 0;
    }
    usedBytes += granted;
    return granted;
  }

  /** Takes without asking: what a read brought beyond its reservation. */
  public void take(long bytes) {
    usedBytes += bytes;
  }

  public void release(long bytes) {
    usedBytes -= bytes;
    callWaiting();
  }

  /**
   * A read has ended. INVARIANT: what it brought is taken before anybody who waits may reserve what
   * it had reserved; otherwise both would be in memory.
   *
   * @param reserved what the read had reserved
   * @param admission takes what it brought
   */
  public void exchange(long reserved, Runnable admission) {
    usedBytes -= reserved;
    exchanging++;
    try {
      admission.run();
    } finally {
      exchanging--;
    }
    callWaiting();
  }

  private void callWaiting() {
    while (exchanging == 0 && !waiting.isEmpty() && usedBytes < limitBytes - limitBytes / 8) {
      waiting.remove().run();
    }
  }

  /** Calls once, when there is room again. */
  public void whenFree(Runnable action) {
    waiting.add(action);
  }

  public long usedBytes() {
    return usedBytes;
  }
}
