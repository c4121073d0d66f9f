// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import dev.outboxrelay.relay.ordering.QueuedMessage;
import java.util.List;

/** Whom the death of a connection is charged to, and what becomes of what was in flight. */
sealed interface Verdict {
  /** Nobody: several were in flight. All are sent again, one at first. */
  record Nobody(List<QueuedMessage> messages) implements Verdict {}

  /** The one that was alone in flight: that counts as a refusal. */
  record Guilty(QueuedMessage message) implements Verdict {}

  /**
   * The receiver: another one died alone before this one, or nothing was even written, and nothing
   * was answered since. It goes to the end, so that others have their turn.
   */
  record Receiver(QueuedMessage message) implements Verdict {}
}
