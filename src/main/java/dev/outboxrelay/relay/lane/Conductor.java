// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.lane;

import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.values.Destination;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A lane, as its backlog sees it: whoever owns the connection, and decides when to go on. */
interface Conductor {
  Destination destination();

  Encoding encoding();

  /** Where what is owed begins, as far as is known. */
  @Nullable Mark mark();

  /** Sends what may be sent. */
  void send();

  /** How many messages are sent and not answered. */
  int inFlight();

  /** Changes the state of rows; {@code then} is left out when memory was dropped meanwhile. */
  <T> void update(String what, DatabaseWork.Statement<T> update, Consumer<T> then);

  /** Something was settled in the table. */
  void settled();

  /** Does whatever can be done now. */
  void pump();
}
