// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was sent on one connection and is not answered yet, in the order of sending. */
final class InFlight {
  private final Map<Long, Entry> entries = new LinkedHashMap<>();
  private long bytes;

  void add(Entry entry) {
    entries.put(entry.id(), entry);
    bytes += entry.bytes();
  }

  @Nullable Entry remove(long id) {
    Entry entry = entries.remove(id);
    if (entry != null) {
      bytes -= entry.bytes();
    }
    return entry;
  }

  /** Removes everything, in the order of sending. */
  List<Entry> removeAll() {
    List<Entry> all = List.copyOf(entries.values());
    entries.clear();
    bytes = 0;
    return all;
  }

  /** What has waited longest for its answer. */
  @Nullable Entry oldest() {
    return entries.isEmpty() ? null : entries.values().iterator().next();
  }

  int size() {
    return entries.size();
  }

  long bytes() {
    return bytes;
  }
}
