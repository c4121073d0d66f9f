// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import dev.outboxrelay.relay.ordering.QueuedMessage;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What speaks against single messages, and what against the destination, since the receiver last
 * answered: a connection that dies with one message alone in flight may have been killed by it, but
 * when different messages die so one after the other, it is not theirs.
 */
final class Suspects {
  /** So many connections in a row without an answer, and not by one message, are no chance. */
  private static final int MUTE_AFTER = 5;

  private static final int MAX_IDS = 3;

  private final Set<Long> ids = new LinkedHashSet<>();
  private boolean unwritten;
  private int silent;

  /** The receiver answers: what died before was not its own fault. */
  void answered() {
    ids.clear();
    unwritten = false;
    silent = 0;
  }

  /** A connection ended before anything was written to it. */
  void diedUnwritten() {
    silent++;
    unwritten = true;
  }

  /**
   * A connection died with messages in flight: finds the guilty one.
   *
   * @param inFlight at least one, in the order of sending
   * @param answered there was an answer on it before
   */
  Verdict died(List<QueuedMessage> inFlight, boolean answered) {
    if (!answered) {
      silent++;
    }
    if (inFlight.size() > 1) {
      return new Verdict.Nobody(inFlight);
    }
    QueuedMessage alone = inFlight.get(0);
    if (ids.size() < MAX_IDS) {
      ids.add(alone.id());
    }
    return !unwritten && ids.size() == 1 ? new Verdict.Guilty(alone) : new Verdict.Receiver(alone);
  }

  List<Long> ids() {
    return List.copyOf(ids);
  }

  /** Those that are not in the table any more say nothing. */
  void retain(Collection<Long> asked, Collection<Long> standing) {
    ids.removeIf(id -> asked.contains(id) && !standing.contains(id));
  }

  /** The destination accepts connections and does not answer, whatever it is sent. */
  boolean isMute() {
    return silent >= MUTE_AFTER && (unwritten || ids.size() > 1);
  }
}
