// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;

/** PostgreSQL's pg_snapshot. */
record Snapshot(long xmin, long xmax, Set<Long> running) {

  static Snapshot parse(String text) {
    int first = text.indexOf(':');
    int second = text.indexOf(':', first + 1);
    Set<Long> running = Set.of();
    if (second + 1 < text.length()) {
      running = new HashSet<>();
      for (String xid : text.substring(second + 1).split(",", -1)) {
        running.add(Long.valueOf(xid));
      }
    }
    return new Snapshot(
        Long.parseLong(text, 0, first, 10), Long.parseLong(text, first + 1, second, 10), running);
  }

  boolean shows(long xid) {
    return xid < xmax && !running.contains(xid);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder().append(xmin).append(':').append(xmax).append(':');
    boolean first = true;
    for (long xid : running.size() > 1 ? new TreeSet<>(running) : running) {
      text.append(first ? "" : ",").append(xid);
      first = false;
    }
    return text.toString();
  }
}
