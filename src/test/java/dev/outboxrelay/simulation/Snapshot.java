// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** PostgreSQL's pg_snapshot. */
record Snapshot(long xmin, long xmax, Set<Long> running) {

  static Snapshot parse(String text) {
    String[] parts = text.split(":", -1);
    Set<Long> running =
        parts[2].isEmpty()
            ? Set.of()
            : Arrays.stream(parts[2].split(",")).map(Long::valueOf).collect(Collectors.toSet());
    return new Snapshot(Long.parseLong(parts[0]), Long.parseLong(parts[1]), running);
  }

  boolean shows(long xid) {
    return xid < xmax && !running.contains(xid);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder().append(xmin).append(':').append(xmax).append(':');
    boolean first = true;
    for (long xid : new TreeSet<>(running)) {
      text.append(first ? "" : ",").append(xid);
      first = false;
    }
    return text.toString();
  }
}
