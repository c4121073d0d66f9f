// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.settling;

import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.ordering.QueuedMessage;
import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.values.Gate;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What those need who write in the table what became of messages. */
public interface Settling {
  /** The destination's name. */
  String name();

  Encoding encoding();

  /** Whether a message that was set aside, by whomever, blocks its gate. */
  boolean failedToo();

  /** A message with larger row values is not sent. */
  long maxMessageBytes();

  /** Changes the state of rows. */
  <T> void update(String what, DatabaseWork.Statement<T> update, Consumer<T> then);

  /** Their new state stands in the table, from where they will be read again. */
  void marked(List<QueuedMessage> entries);

  /** A gate may have held messages that may go now; null: none has. */
  void wantHeld(@Nullable Gate gate);

  /** A message may not be what it was: reads it by its id, soon. */
  void rereadSoon(long id);

  /** Reads what is due, and when the next will be. */
  void readDue();

  /** Looks whether what blocks still stands. */
  void recheckBlocked();

  /** A moment, for {@link #hasActedSince}. */
  long moment();

  /** Whether a person has acted at this moment or later, as far as is known. */
  boolean hasActedSince(long moment);

  /** Does something later, unless memory is dropped before. */
  void later(long delayMillis, Runnable action);
}
