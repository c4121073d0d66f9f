// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.lane;

import dev.outboxrelay.format.Formatter;
import dev.outboxrelay.format.Formatters;
import dev.outboxrelay.relay.delivery.ConnectionListener;
import dev.outboxrelay.relay.delivery.DestinationConnection;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.loop.Troubles;
import dev.outboxrelay.relay.ordering.MemoryBudget;
import dev.outboxrelay.relay.reading.ReadTickets;
import dev.outboxrelay.relay.reading.Starts;
import dev.outboxrelay.relay.reading.TailReader;
import dev.outboxrelay.relay.settling.Completer;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.values.Destination;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes lanes: the one place that knows what their parts are made of. */
public final class LaneFactory {
  private final int pageSize;
  private final long maxMessageBytes;
  private final Scheduler loop;
  private final DatabaseWork databaseWork;
  private final Troubles troubles;
  private final MessageStore store;
  private final DestinationStore destinations;
  private final Completer completer;
  private final TailReader tail;
  private final Starts starts;
  private final ReadTickets tickets;
  private final MemoryBudget memory;
  private final Transport transport;
  private final BooleanSupplier leaseHolds;
  private final RelayEvents events;

  public LaneFactory(
      int pageSize,
      long maxMessageBytes,
      Scheduler loop,
      DatabaseWork databaseWork,
      Troubles troubles,
      MessageStore store,
      DestinationStore destinations,
      Completer completer,
      TailReader tail,
      Starts starts,
      ReadTickets tickets,
      MemoryBudget memory,
      Transport transport,
      BooleanSupplier leaseHolds,
      RelayEvents events) {
    this.pageSize = pageSize;
    this.maxMessageBytes = maxMessageBytes;
    this.loop = loop;
    this.databaseWork = databaseWork;
    this.troubles = troubles;
    this.store = store;
    this.destinations = destinations;
    this.completer = completer;
    this.tail = tail;
    this.starts = starts;
    this.tickets = tickets;
    this.memory = memory;
    this.transport = transport;
    this.leaseHolds = leaseHolds;
    this.events = events;
  }

  /**
   * A lane of a destination that was taken over.
   *
   * @param mark as it stands in the table
   * @param onReplaced is told when the lane's epoch is over
   */
  public Lane create(
      Destination destination, long epoch, @Nullable Mark mark, Consumer<Lane> onReplaced) {
    Formatter formatter = Formatters.of(destination.format());
    Encoding encoding = new Encoding(epoch, formatter::format, transport.labels(destination));
    return new Lane(
        destination,
        encoding,
        mark,
        loop,
        databaseWork,
        troubles,
        destinations,
        memory,
        completer,
        listener -> connection(destination, listener),
        this::backlog,
        onReplaced);
  }

  private DestinationConnection connection(Destination destination, ConnectionListener listener) {
    return new DestinationConnection(
        destination,
        loop,
        databaseWork,
        store,
        destinations,
        transport,
        leaseHolds,
        events,
        listener);
  }

  private Backlog backlog(Conductor conductor) {
    return new Backlog(
        conductor,
        pageSize,
        maxMessageBytes,
        loop,
        databaseWork,
        troubles,
        store,
        completer,
        tail,
        starts,
        tickets,
        memory,
        events);
  }
}
