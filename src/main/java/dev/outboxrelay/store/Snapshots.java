// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.util.Collection;

/** What the text of snapshots tells. All are of one server, whose snapshots come one by one. */
public final class Snapshots {
  private Snapshots() {}

  /** The one that was taken first: none of the others shows less. */
  public static String oldest(Collection<String> snapshots) {
    return snapshots.stream().reduce((a, b) -> isBefore(b, a) ? b : a).orElseThrow();
  }

  /** Whether a snapshot was taken before another one, or shows the same. */
  public static boolean isBefore(String snapshot, String other) {
    long difference = end(snapshot) - end(other);
    // With one end, transactions have only left the list of those that were under way.
    return difference < 0
        || difference == 0 && underWay(snapshot).length() >= underWay(other).length();
  }

  /** How many transactions began between two snapshots. */
  public static long between(String earlier, String later) {
    return end(later) - end(earlier);
  }

  private static long end(String snapshot) {
    return Long.parseUnsignedLong(snapshot.split(":", -1)[1]);
  }

  private static String underWay(String snapshot) {
    return snapshot.split(":", -1)[2];
  }
}
