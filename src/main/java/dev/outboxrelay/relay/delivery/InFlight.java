// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import dev.outboxrelay.relay.ordering.QueuedMessage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was sent on one connection and is not answered yet, in the order of sending. */
public final class InFlight {
  private final Map<Long, QueuedMessage> entries = new LinkedHashMap<>();
  private long bytes;

  public void add(QueuedMessage entry) {
    entries.put(entry.id(), entry);
    bytes += entry.bytes();
  }

  public @Nullable QueuedMessage remove(long id) {
    QueuedMessage entry = entries.remove(id);
    if (entry != null) {
      bytes -= entry.bytes();
    }
    return entry;
  }

  /** Removes everything, in the order of sending. */
  public List<QueuedMessage> removeAll() {
    List<QueuedMessage> all = List.copyOf(entries.values());
    entries.clear();
    bytes = 0;
    return all;
  }

  /** What has waited longest for its answer. */
  @Nullable QueuedMessage oldest() {
    return entries.isEmpty() ? null : entries.values().iterator().next();
  }

  public int size() {
    return entries.size();
  }

  public long bytes() {
    return bytes;
  }
}
