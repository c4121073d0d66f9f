// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.HashSet;
import java.util.Set;

/**
 * The reasons for which something waits: each is told once, until the waiting is over. Those of
 * several hosts may take turns.
 */
final class Reasons {
  /** So many different ones, then told anew. */
  private static final int MAX_KEPT = 100;

  private final Set<String> told = new HashSet<>();

  /** Whether this one has not been told yet. */
  boolean isNew(String reason) {
    if (told.size() >= MAX_KEPT) {
      told.clear();
    }
    return told.add(reason);
  }

  /** The waiting is over. */
  void clear() {
    told.clear();
  }
}
