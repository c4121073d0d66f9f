// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import dev.outboxrelay.relay.events.RelayEvents;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Holds a relay to its word that a sweep finds nothing, but what writers wrote who are told to be
 * silent.
 */
public final class NothingMissed implements RelayEvents {
  private final Map<String, Integer> missed = new ConcurrentHashMap<>();
  private final boolean silentWriters;
  private final boolean restoredRows;

  public NothingMissed(boolean silentWriters, boolean restoredRows) {
    this.silentWriters = silentWriters;
    this.restoredRows = restoredRows;
  }

  @Override
  public void missed(String destination, int messages) {
    if (!silentWriters) {
      missed.merge(destination, messages, Integer::sum);
    }
  }

  @Override
  public void passedOver(String destination, int messages) {
    if (!restoredRows) {
      missed.merge(destination, messages, Integer::sum);
    }
  }

  /** Fails the test when a sweep has found anything. */
  public void check() {
    if (!missed.isEmpty()) {
      throw new AssertionError("only a sweep has found messages of " + missed);
    }
  }
}
