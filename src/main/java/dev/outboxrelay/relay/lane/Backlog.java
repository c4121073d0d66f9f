// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.lane;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.loop.Troubles;
import dev.outboxrelay.relay.ordering.Barrier;
import dev.outboxrelay.relay.ordering.KeyGates;
import dev.outboxrelay.relay.ordering.KeyGates.Origin;
import dev.outboxrelay.relay.ordering.KeyGates.Verdict;
import dev.outboxrelay.relay.ordering.MemoryBudget;
import dev.outboxrelay.relay.ordering.MessageQueue;
import dev.outboxrelay.relay.ordering.QueuedMessage;
import dev.outboxrelay.relay.reading.DueReader;
import dev.outboxrelay.relay.reading.HeldReader;
import dev.outboxrelay.relay.reading.Intake;
import dev.outboxrelay.relay.reading.KnownIds;
import dev.outboxrelay.relay.reading.PageReader;
import dev.outboxrelay.relay.reading.ParkedReader;
import dev.outboxrelay.relay.reading.ReadTickets;
import dev.outboxrelay.relay.reading.RefusedReader;
import dev.outboxrelay.relay.reading.RequeuedReader;
import dev.outboxrelay.relay.reading.Starts;
import dev.outboxrelay.relay.reading.TailMember;
import dev.outboxrelay.relay.reading.TailReader;
import dev.outboxrelay.relay.settling.Completer;
import dev.outboxrelay.relay.settling.Discards;
import dev.outboxrelay.relay.settling.Holds;
import dev.outboxrelay.relay.settling.Rechecks;
import dev.outboxrelay.relay.settling.Refusals;
import dev.outboxrelay.relay.settling.Settling;
import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.store.Limits;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.MessageStore.Fate;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a lane has in memory, from the first read to the moment at which it is dropped as a whole:
 * which messages are known, which may be sent, which wait for others, and how answers settle them.
 */
public final class Backlog implements Intake, Settling, TailMember {
  /** Another page is read while no more than so many pages' worth is waiting. */
  private static final int LOW_WATER_PAGES = 2;

  /**
   * Answered, and not yet settled in the table, at most so many: with what is in flight, the bound
   * of what is repeated after a crash.
   */
  static final int MAX_SETTLING = 10_000;

  /** Not at once: what is read again and not marked again would go round without an end. */
  private static final long REREAD_MILLIS = 20;

  private final Conductor conductor;
  private final int pageSize;
  private final long maxMessageBytes;
  private final Scheduler loop;
  private final DatabaseWork databaseWork;
  private final Troubles troubles;
  private final MessageStore store;
  private final Completer completer;
  private final ReadTickets tickets;
  private final MemoryBudget memory;
  private final Destination destination;
  private final boolean ordered;

  private final KnownIds known;
  private final KeyGates gates = new KeyGates();
  private final Barrier barrier = new Barrier();
  private final MessageQueue queue;
  private final PageReader window;
  private final DueReader due;
  private final HeldReader held;
  private final RequeuedReader requeued;
  private final RefusedReader refused;
  private final Holds holds;
  private final Discards discards;
  private final ParkedReader parked;
  private final Refusals refusals;
  private final Rechecks rechecks;
  private final Consumer<List<Long>> completed = this::completed;

  private long bytes;

  /** Answered, and not settled in the table yet. */
  private int settling;

  /** What followed them may go, and no answer will bring that about. */
  private boolean someTaken;

  private boolean dropped;

  /** When a person has acted last: reads with an earlier ticket may show how it was before. */
  private long actedMoment = Long.MIN_VALUE;

  Backlog(
      Conductor conductor,
      int pageSize,
      long maxMessageBytes,
      Scheduler loop,
      DatabaseWork databaseWork,
      Troubles troubles,
      MessageStore store,
      Completer completer,
      TailReader tail,
      Starts starts,
      ReadTickets tickets,
      MemoryBudget memory,
      RelayEvents events) {
    this.conductor = conductor;
    this.pageSize = pageSize;
    this.maxMessageBytes = maxMessageBytes;
    this.loop = loop;
    this.databaseWork = databaseWork;
    this.troubles = troubles;
    this.store = store;
    this.completer = completer;
    this.tickets = tickets;
    this.memory = memory;
    destination = conductor.destination();
    ordered = destination.ordering() == Ordering.KEY;
    queue = new MessageQueue(ordered, gates, barrier);
    if (ordered) {
      destination.brakes().heldKeys().forEach(gates::stop);
    }
    known = new KnownIds(tickets);
    window = new PageReader(this, this, store, tail, starts, memory, events);
    due = new DueReader(this, loop, store);
    held = new HeldReader(this, gates, loop, store);
    requeued = new RequeuedReader(this, store);
    refused = new RefusedReader(this::readRefused, this::later, this::pump);
    holds = new Holds(this, gates, held, store, events);
    discards = new Discards(this, store, events, queue);
    parked = new ParkedReader(this, gates, barrier, held, store);
    refusals = new Refusals(this, destination, queue, holds, due, loop, store, events);
    rechecks = new Rechecks(this, window::isOn, gates, barrier, holds, held, requeued, store);
  }

  // What is read. ---------------------------------------------------------------------------------

  @Override
  public String name() {
    return destination.name();
  }

  @Override
  public int doorbell() {
    return destination.doorbell();
  }

  @Override
  public Encoding encoding() {
    return conductor.encoding();
  }

  public PageReader window() {
    return window;
  }

  /** Reads everything owed, from the start. */
  void start() {
    parked.start(
        () -> {
          window.start();
          due.read();
          rechecks.resume();
        });
  }

  /** Whether a message that was set aside, by whomever, blocks its gate. */
  @Override
  public boolean failedToo() {
    return destination.onFailure() == OnFailure.HOLD;
  }

  /** Whether messages of a key keep their order. */
  @Override
  public boolean isOrdered() {
    return ordered;
  }

  /** The window has shown everything up to an id. */
  @Override
  public void windowReached(long id) {
    parked.windowReached(id);
  }

  /**
   * Reads from the table. The result is left out when memory was dropped meanwhile.
   *
   * @param what for the log, before the destination's name
   * @param reservedBytes of memory, for what it brings: free again when it has ended
   * @param then gets the result and the read's ticket
   */
  @Override
  public <T> void read(
      String what,
      long reservedBytes,
      DatabaseWork.Statement<T> statement,
      ObjLongConsumer<T> then) {
    long ticket = tickets.begin();
    databaseWork.submit(
        what + name(),
        troubles.watched(List.of(name()), what + name(), statement),
        result -> {
          memory.exchange(
              reservedBytes,
              () -> {
                if (!dropped) {
                  then.accept(result, ticket);
                }
              });
          tickets.end(ticket);
        });
  }

  @Override
  public int pageSize() {
    return pageSize;
  }

  @Override
  public long maxMessageBytes() {
    return maxMessageBytes;
  }

  @Override
  public Limits limits(int rows, long readBytes) {
    return new Limits(rows, readBytes, maxMessageBytes);
  }

  /**
   * Reads messages that others wait for: where no memory is left one comes all the same, since what
   * fills the memory may wait for that very one.
   *
   * @param bytes as many at most
   */
  @Override
  public void readSome(
      String what, int rows, long bytes, Bounded statement, ObjLongConsumer<Batch> then) {
    long granted = memory.reserve(Math.min(bytes, memory.shareBytes()));
    Limits limits = limits(rows, Math.max(1, granted));
    read(what, granted, () -> statement.run(limits), then);
  }

  @Override
  public boolean wantsTail() {
    return window.wantsTail();
  }

  @Override
  public void fromTail(List<Message> messages, long ticket) {
    window.fromTail(messages, ticket);
  }

  @Override
  public void pageWindow(String from, String upTo, long afterId) {
    window.pageWindow(from, upTo, afterId);
  }

  @Override
  public void lag(String readUpTo) {
    window.lag(readUpTo);
  }

  /** Whether another window's worth may come in. */
  @Override
  public boolean hasRoom() {
    return fits(queue.size(), bytes) && !parked.isFull();
  }

  /**
   * Whether what was refused or held may come back. What waits behind a truncate does not count: it
   * goes only when these have gone.
   */
  @Override
  public boolean hasMemory() {
    return fits(queue.size() - barrier.queued(), bytes - barrier.queuedBytes());
  }

  /** No more may be queued behind a truncate. */
  @Override
  public boolean isBarrierFull() {
    return !fits(barrier.queued(), barrier.queuedBytes());
  }

  private boolean fits(int messages, long messageBytes) {
    return messages <= LOW_WATER_PAGES * pageSize && messageBytes <= memory.shareBytes() / 2;
  }

  /** Reads what is due, and when the next will be. */
  @Override
  public void readDue() {
    due.read();
  }

  /** A message will be due then. */
  @Override
  public void dueIn(long delayMillis) {
    due.in(delayMillis);
  }

  /** Whether a read with this ticket may show the message although it is known here. */
  public boolean knows(long id, long ticket) {
    return known.knows(id, ticket) || requeued.wants(id);
  }

  /** The smallest ids that may be pending, as far as this lane has read: at least so many. */
  @Override
  public List<Long> smallestPending(int limit) {
    TreeSet<Long> pending = new TreeSet<>(known.smallest(limit));
    pending.addAll(requeued.all());
    return List.copyOf(pending);
  }

  /** From where everything owed is to be read; null when nobody knows. */
  @Override
  public @Nullable Mark mark() {
    return conductor.mark();
  }

  /** What was read by its time and is in memory. */
  @Override
  public Set<Long> inMemoryByTime() {
    return known.inMemoryByTime();
  }

  // What comes in. --------------------------------------------------------------------------------

  /**
   * Admits what a read has shown.
   *
   * @return how many were new
   */
  @Override
  public int admit(List<Message> messages, Origin origin, long ticket) {
    int admitted = 0;
    for (Message message : messages) {
      if (known.add(message.id(), ticket, message.timed())) {
        admitted++;
        // A refused one of a key that a person holds stays as it is, and known, so that it is not
        // read again by its time.
        if (origin != Origin.RETRY || !gates.isStopped(message)) {
          admit(message, origin);
        }
      }
    }
    requeued.want(known.takeDoubtful());
    if (admitted > 0 && hasActedSince(ticket + 1)) {
      discards.look();
    }
    return admitted;
  }

  /** A moment, for {@link #hasActedSince}. */
  @Override
  public long moment() {
    return tickets.now();
  }

  /** Whether a person has acted at this moment or later, as far as is known. */
  @Override
  public boolean hasActedSince(long moment) {
    return actedMoment >= moment;
  }

  private void admit(Message message, Origin origin) {
    QueuedMessage entry = new QueuedMessage(message);
    if (message.expiresInMillis() != null) {
      entry.begin(loop.nanoTime());
    }
    bytes += entry.bytes();
    memory.take(entry.bytes());
    if (queue.read(entry, origin) == Verdict.HOLD) {
      holds.add(entry);
    }
  }

  /** Nothing is in memory, and nothing more is known to be read. */
  boolean isEmpty() {
    return queue.isEmpty() && !window.isPaging();
  }

  /** Everything that is owed, or more than fits, waits for refused messages. */
  boolean isHeldUp() {
    return barrier.isHeldUp() || parked.isFull() || gates.isAnyStopped() && queue.isTruncateNext();
  }

  /** Does whatever can be done now. */
  @Override
  public void pump() {
    do {
      someTaken = false;
      passBarrier();
      if (isBarrierFull()) {
        windowReached(Long.MAX_VALUE);
      }
      rechecks.pump();
      holds.flush();
      if (!queue.isNoneReady()) {
        conductor.send();
      }
    } while (someTaken);
    due.pump();
    held.pump();
    requeued.pump();
    parked.pump();
    window.pump();
  }

  /**
   * Lets a truncate go when everything before it is settled, and what follows when it is settled
   * itself.
   */
  private void passBarrier() {
    boolean nothingBefore =
        queue.isOnlyBehindTruncate()
            && conductor.inFlight() == 0
            && settling == 0
            && (!queue.isTruncateNext() || refused.isNone());
    if (queue.passBarrier(nothingBefore, holds::add)) {
      refused.forget();
    }
  }

  private void readRefused(Consumer<Batch> then) {
    read(
        "refused messages of ",
        0,
        () -> store.due(name(), true, Set.of(), limits(1, 1), encoding()),
        (batch, ticket) -> then.accept(batch));
  }

  /**
   * Takes what may be sent now off the queue.
   *
   * @param limit so many at most
   * @param sentBytes no more than these, and one message
   * @param into gets them, in order
   */
  void takeReady(int limit, long sentBytes, List<QueuedMessage> into) {
    long taken = 0;
    while (!queue.isNoneReady()
        && into.size() < limit
        && taken < sentBytes
        && settling < MAX_SETTLING) {
      QueuedMessage entry = queue.take();
      Fate fate = entry.fate();
      if (fate != null) {
        taken(entry, fate);
      } else if (entry.message.tooLarge() || entry.message.unreadable() != null) {
        refusals.unsendable(entry);
      } else if (entry.message.expiresInMillis() != null && entry.isExpired(loop.nanoTime())) {
        refusals.expired(entry);
      } else {
        into.add(entry);
        taken += entry.bytes();
      }
    }
  }

  /** No window is read, whatever memory there is. */
  @Override
  public boolean isBarred() {
    return isBarrierFull() || parked.isFull();
  }

  // What is answered. -----------------------------------------------------------------------------

  /** Keys whose messages wait behind a refused one, as far as is known. */
  public int heldKeys() {
    return gates.parkedCount();
  }

  /** Delivered. */
  void acknowledged(QueuedMessage entry) {
    settling++;
    boolean keep = destination.keepDelivered() != null;
    completer.add(name(), entry.message, keep, completed);
    forget(entry);
    wantHeld(queue.delivered(entry));
  }

  private void completed(List<Long> ids) {
    conductor.settled();
    if (!dropped) {
      settling -= ids.size();
      known.settled(ids, destination.keepDelivered() != null);
      requeued.want(known.takeDoubtful());
      conductor.pump();
    }
  }

  /** Not sent: a person has taken it off the table, set it aside, or put it off. */
  private void taken(QueuedMessage entry, Fate fate) {
    someTaken = true;
    if (fate == Fate.GONE) {
      forget(entry);
      known.settled(List.of(entry.id()), false);
      wantHeld(queue.gone(entry));
      return;
    }
    marked(List.of(entry));
    if (fate == Fate.ASIDE && refusals.blocks(entry)
        || fate == Fate.LATER && entry.message.refused()) {
      refusals.block(entry);
      refusals.blocked(entry);
    } else {
      wantHeld(queue.gone(entry));
    }
    // Perhaps it is to be sent again by now, or in a while.
    requeued.want(List.of(entry.id()));
    due.read();
  }

  @Override
  public void wantHeld(@Nullable Gate gate) {
    if (gate != null) {
      held.want(gate);
    }
  }

  /**
   * Refused, or charged with the death of a connection.
   *
   * @param retry false: not again
   * @param retryAfter null: by the destination's backoff
   */
  void refused(QueuedMessage entry, String reason, boolean retry, @Nullable Duration retryAfter) {
    if (entry.fate() == Fate.GONE) {
      taken(entry, Fate.GONE);
      return;
    }
    refusals.refused(entry, reason, retry, retryAfter);
  }

  /** Changes the state of rows. */
  @Override
  public <T> void update(String what, DatabaseWork.Statement<T> update, Consumer<T> then) {
    settling++;
    conductor.update(
        what + name(),
        update,
        result -> {
          settling--;
          then.accept(result);
        });
  }

  /** Does something later, unless memory is dropped before. */
  @Override
  public void later(long delayMillis, Runnable action) {
    loop.schedule(
        delayMillis,
        () -> {
          if (!dropped) {
            action.run();
            conductor.pump();
          }
        });
  }

  /** Their new state stands in the table, from where they will be read again. */
  @Override
  public void marked(List<QueuedMessage> entries) {
    conductor.settled();
    entries.forEach(this::forget);
    known.settled(entries.stream().map(QueuedMessage::id).toList(), true);
    requeued.want(known.takeDoubtful());
  }

  private void forget(QueuedMessage entry) {
    bytes -= entry.bytes();
    memory.release(entry.bytes());
  }

  /** What is not answered goes back here. */
  MessageQueue queue() {
    return queue;
  }

  /** How many messages are answered and not yet settled in the table. */
  int settling() {
    return settling;
  }

  // What a person does. ---------------------------------------------------------------------------

  /**
   * An operator has changed something: look whether what blocks still stands, and whether what is
   * in memory is still to be sent.
   */
  public void recheck() {
    actedMoment = moment();
    if (window.isOn()) {
      discards.look();
    }
    rechecks.acted();
  }

  /** Looks whether what blocks still stands. */
  @Override
  public void recheckBlocked() {
    rechecks.look();
  }

  /** A message may not be what it was: reads it by its id, soon. */
  @Override
  public void rereadSoon(long id) {
    requeued.want(id, REREAD_MILLIS);
  }

  /** Answers are still settled; nothing more comes in. */
  void stopReading() {
    window.off();
    due.stop();
    held.stop();
    requeued.stop();
  }

  /** Nothing of it is used any more. */
  void drop() {
    dropped = true;
    stopReading();
    memory.release(bytes);
    bytes = 0;
  }
}
