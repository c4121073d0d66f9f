// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.MessageStore;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** What all lanes of a term share. */
record LaneContext(
    RelayConfig config,
    Scheduler core,
    Work work,
    Troubles troubles,
    MessageStore store,
    DestinationStore destinations,
    Completer completer,
    Supplier<TailReader> tailReader,
    Starts starts,
    ReadClock clock,
    MemoryBudget memory,
    Transport transport,
    BooleanSupplier leaseHolds,
    RelayEvents events) {

  TailReader tail() {
    return tailReader.get();
  }

  /** The application's writes fail while the sequence of ids stands behind the rows. */
  void mendIds() {
    work.submit(
        "look at the sequence of ids",
        () -> {
          destinations.mendIds();
          return true;
        },
        done -> {});
  }
}
