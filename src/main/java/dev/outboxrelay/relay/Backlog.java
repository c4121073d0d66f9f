package dev.outboxrelay.relay;

import dev.outboxrelay.relay.Gates.Origin;
import dev.outboxrelay.relay.Gates.Verdict;
import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.store.Limits;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.Parked;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a lane has in memory, from the first read to the moment at which it is dropped as a whole:
 * which messages are known, which may be sent, which wait for others, and how answers settle them.
 */
final class Backlog {
  /**
   * Beyond this many parked gates a destination counts as failing as a whole: nothing new is read.
   */
  static final int MAX_PARKED = 10_000;

  /** Another page is read while no more than so many pages' worth is waiting. */
  private static final int LOW_WATER_PAGES = 2;

  private final Lane lane;
  private final LaneContext context;
  private final Destination destination;
  private final boolean ordered;

  private final KnownIds known;
  private final Gates gates = new Gates();
  private final Barrier barrier = new Barrier();
  private final ArrayDeque<Entry> ready = new ArrayDeque<>();
  private final WindowReader window;
  private final DueReader due;
  private final HeldReader held;
  private final RequeuedReader requeued;
  private final Holds holds;
  private final Discards discards;
  private final Consumer<List<Long>> completed = this::completed;

  /** Gates that were found with held messages only, by the first of these. */
  private final TreeMap<Long, Gate> headless = new TreeMap<>();

  /** In memory behind another message. */
  private int waiting;

  private long bytes;

  /** Answered, and not settled in the table yet. */
  private int settling;

  /**
   * Those of them that were refused. True: a read has shown the message meanwhile, perhaps since a
   * person has requeued it before this relay heard that its own update is committed.
   */
  private final Map<Long, Boolean> settlingRefused = new HashMap<>();

  /** More gates are parked in the table than are known here. */
  private boolean moreParked;

  /** What followed them may go, and no answer will bring that about. */
  private boolean someDiscarded;

  /** While something waits for a refused message, a person has acted. */
  private boolean requeuedPerhaps;

  private boolean readingParked;
  private boolean rechecking;
  private boolean recheckWanted;
  private boolean dropped;

  Backlog(Lane lane, LaneContext context) {
    this.lane = lane;
    this.context = context;
    destination = lane.destination();
    ordered = destination.ordering() == Ordering.KEY;
    known = new KnownIds(context.clock());
    window = new WindowReader(this, context);
    due = new DueReader(this, context);
    held = new HeldReader(this, gates, context);
    requeued = new RequeuedReader(this, context);
    holds = new Holds(this, gates, held, context);
    discards = new Discards(this, context, this::forEachInMemory);
  }

  // What is read. ---------------------------------------------------------------------------------

  String name() {
    return lane.name();
  }

  int doorbell() {
    return lane.doorbell();
  }

  Encoding encoding() {
    return lane.encoding();
  }

  WindowReader window() {
    return window;
  }

  /** Reads everything owed, from the start. */
  void start() {
    readParked(
        true,
        () -> {
          window.start();
          due.read();
        });
  }

  private record Standing(List<Parked> parked, long refusedTruncate) {}

  /** INVARIANT: what blocks a gate is known before the gate's pending messages are read. */
  private void readParked(boolean first, Runnable then) {
    MessageStore store = context.store();
    boolean failedToo = failedToo();
    readingParked = true;
    read(
        "parked gates of ",
        () ->
            new Standing(
                store.parked(name(), failedToo, MAX_PARKED + 1), store.refusedTruncate(name())),
        (standing, ticket) -> {
          readingParked = false;
          if (ordered) {
            moreParked = standing.parked().size() > MAX_PARKED;
            standing.parked().forEach(p -> gates.parked(p.gate(), p.headId()));
            standing.parked().forEach(this::awaitHead);
          }
          if (first && ordered && standing.refusedTruncate() != 0) {
            barrier.waitsFor(standing.refusedTruncate());
          }
          then.run();
        },
        () -> {});
  }

  /** Whether a message that was set aside, by whomever, blocks its gate. */
  private boolean failedToo() {
    return destination.onFailure() == OnFailure.HOLD;
  }

  /**
   * A gate with held messages only: the one that they waited for may be pending again, since a
   * person has requeued it. They are read once the window has come as far as they, when it would
   * have been shown.
   */
  private void awaitHead(Parked parked) {
    if (parked.headId() != 0) {
      return;
    }
    if (moreParked) {
      held.want(parked.gate()); // no window is read before these are fewer
    } else {
      headless.put(parked.firstHeldId(), parked.gate());
    }
  }

  /** The window has shown everything up to an id. */
  void windowReached(long id) {
    Map<Long, Gate> passed = headless.headMap(id, true);
    passed.values().forEach(held::want);
    passed.clear();
  }

  /**
   * Reads from the table. The result is left out when memory was dropped meanwhile.
   *
   * @param what for the log, before the destination's name
   * @param then gets the result and the read's ticket
   * @param always runs before, in any case
   */
  <T> void read(
      String what, Work.Statement<T> statement, ObjLongConsumer<T> then, Runnable always) {
    long ticket = context.clock().begin();
    context
        .work()
        .submit(
            what + name(),
            statement,
            result -> {
              always.run();
              if (!dropped) {
                then.accept(result, ticket);
              }
              context.clock().end(ticket);
            });
  }

  /** What may not be sent yet, and most of what is in flight; some twice. */
  private void forEachInMemory(Consumer<Entry> action) {
    ready.forEach(action);
    gates.forEach(action);
    barrier.forEachQueued(action);
  }

  Limits limits(int rows, long readBytes) {
    return new Limits(rows, readBytes, context.config().maxMessageBytes());
  }

  /** Whether another window's worth may come in. */
  boolean hasRoom() {
    return fits(waiting + ready.size(), bytes) && !moreParked && gates.parkedCount() <= MAX_PARKED;
  }

  /**
   * Whether what was refused or held may come back. What waits behind a truncate does not count: it
   * goes only when these have gone.
   */
  boolean hasMemory() {
    return fits(waiting + ready.size() - barrier.queued(), bytes - barrier.queuedBytes());
  }

  /** No more may be queued behind a truncate. */
  boolean isBarrierFull() {
    return !fits(barrier.queued(), barrier.queuedBytes());
  }

  private boolean fits(int messages, long messageBytes) {
    return messages <= LOW_WATER_PAGES * context.config().pageSize()
        && messageBytes <= context.memory().shareBytes() / 2;
  }

  /** A message will be due then. */
  void dueIn(long delayMillis) {
    due.in(delayMillis);
  }

  /** Whether a read with this ticket may show the message although it is known here. */
  boolean knows(long id, long ticket) {
    return known.knows(id, ticket);
  }

  /** What was read by its time and is in memory. */
  Set<Long> inMemoryByTime() {
    return known.inMemoryByTime();
  }

  // What comes in. --------------------------------------------------------------------------------

  /**
   * Admits what a read has shown.
   *
   * @return how many were new
   */
  int admit(List<Message> messages, Origin origin, long ticket) {
    int admitted = 0;
    for (Message message : messages) {
      if (known.add(message.id(), ticket, message.timed())) {
        admit(message, origin);
        admitted++;
      } else if (!settlingRefused.isEmpty()) {
        settlingRefused.computeIfPresent(message.id(), (id, shown) -> true);
      }
    }
    return admitted;
  }

  private void admit(Message message, Origin origin) {
    Entry entry = new Entry(message);
    bytes += entry.bytes();
    context.memory().take(entry.bytes());
    if (!ordered) {
      ready.add(entry);
    } else if (message.barrier()
        && (origin == Origin.RETRY || message.id() == barrier.waitsForId())) {
      barrier.adopt(entry);
      ready.add(entry);
    } else if (origin == Origin.WINDOW && barrier.stops(message) && !gates.isBlockedBy(message)) {
      barrier.queue(entry);
      waiting++;
    } else {
      pass(entry, origin);
    }
  }

  private void pass(Entry entry, Origin origin) {
    Verdict verdict = gates.admit(entry, origin);
    if (verdict == Verdict.GO) {
      ready.add(entry);
    } else if (verdict == Verdict.WAIT) {
      waiting++;
    } else {
      holds.add(entry);
    }
  }

  /** Does whatever can be done now. */
  void pump() {
    do {
      someDiscarded = false;
      passBarrier();
      readRequeued();
      holds.flush();
      if (!ready.isEmpty()) {
        lane.send(ready);
      }
    } while (someDiscarded);
    due.pump();
    held.pump();
    requeued.pump();
    if (moreParked && !readingParked && gates.parkedCount() <= MAX_PARKED / 2) {
      readParked(false, this::pump);
    }
    window.pump();
  }

  /**
   * Lets a truncate go when everything before it is settled, and what follows when it is settled
   * itself.
   */
  private void passBarrier() {
    boolean nothingBefore =
        ready.isEmpty()
            && lane.inFlight() == 0
            && waiting == barrier.queued()
            && gates.parkedCount() == 0
            && settling == 0;
    for (Entry next = barrier.next(nothingBefore); next != null; next = barrier.next(false)) {
      waiting--;
      if (next.message.barrier()) {
        ready.add(next);
      } else {
        pass(next, Origin.WINDOW);
      }
    }
  }

  /**
   * What a person requeues comes by a window; while none is read, since too much waits for that
   * very message, it is read by its id.
   */
  private void readRequeued() {
    if (isBarrierFull()) {
      windowReached(Long.MAX_VALUE);
    }
    if (requeuedPerhaps && isBarred()) {
      requeuedPerhaps = false;
      recheckBlocked();
    }
  }

  /** No window is read, whatever memory there is. */
  private boolean isBarred() {
    return isBarrierFull() || moreParked || gates.parkedCount() > MAX_PARKED;
  }

  // What is answered. -----------------------------------------------------------------------------

  /** Delivered. */
  void acknowledged(Entry entry) {
    settling++;
    context.completer().add(name(), entry.id(), destination.keepDelivered() != null, completed);
    forget(entry);
    advance(entry);
  }

  private void completed(List<Long> ids) {
    if (!dropped) {
      settling -= ids.size();
      known.settled(ids);
      lane.pump();
    }
  }

  /** Not sent, or refused: a person has taken it off the table. */
  void discarded(Entry entry) {
    forget(entry);
    known.settled(List.of(entry.id()));
    advance(entry);
    someDiscarded = true;
  }

  /** The message's gate moves on. */
  private void advance(Entry entry) {
    if (barrier.isActive(entry)) {
      barrier.settled();
      return;
    }
    Entry next = gates.settle(entry);
    Gate gate = entry.message.gate();
    if (next != null) {
      waiting--;
      ready.add(next);
    } else if (gate != null && ordered) {
      held.want(gate);
    }
  }

  /**
   * Refused, or charged with the death of a connection.
   *
   * @param retry false: not again
   * @param retryAfter null: by the destination's backoff
   */
  void refused(Entry entry, String reason, boolean retry, @Nullable Duration retryAfter) {
    if (entry.discarded) {
      discarded(entry);
      return;
    }
    int attempts = entry.message.attempts() + 1;
    if (!retry || attempts >= destination.maxAttempts()) {
      fail(entry, attempts, reason);
      return;
    }
    long delayMillis =
        retryAfter != null
            ? retryAfter.toMillis()
            : new Backoff(destination.retryInitial(), destination.retryMax())
                .delayMillis(attempts, ThreadLocalRandom.current());
    block(entry);
    context.events().retried(name(), entry.id(), attempts, delayMillis, reason);
    long epoch = encoding().epoch();
    settle(
        "retry of ",
        entry,
        () -> context.store().retry(name(), epoch, entry.id(), attempts, delayMillis, reason),
        () -> {
          if (barrier.isActive(entry)) {
            barrier.waitsFor(entry.id());
          }
          holds.blocked(entry);
          due.in(delayMillis);
        });
  }

  /** Not sent, since it is over the limit. */
  void tooLarge(Entry entry) {
    String reason =
        "the row values take "
            + entry.message.rowBytes()
            + " bytes, more than max-message-bytes "
            + context.config().maxMessageBytes()
            + ": raise it and requeue, or discard the message";
    fail(entry, entry.message.attempts(), reason);
  }

  private void fail(Entry entry, int attempts, String error) {
    boolean hold = failedToo() && !entry.message.barrier();
    if (hold) {
      block(entry);
    }
    context.events().failed(name(), entry.id(), attempts, error);
    settle(
        "failure of ",
        entry,
        () -> context.store().fail(name(), encoding().epoch(), entry.id(), attempts, error),
        () -> {
          if (hold) {
            holds.blocked(entry);
          } else {
            advance(entry);
          }
        });
  }

  private void block(Entry entry) {
    Gate gate = entry.message.gate();
    if (ordered && gate != null && !barrier.isActive(entry)) {
      List<Entry> followers = gates.block(entry);
      waiting -= followers.size();
      holds.block(gate, followers);
    }
  }

  /**
   * Writes a message's new state, then forgets it. Where its row is gone, a person has discarded it
   * while it was in flight: then nothing waits for it.
   */
  private void settle(String what, Entry entry, Work.Statement<Boolean> update, Runnable then) {
    settlingRefused.put(entry.id(), false);
    update(
        what,
        update,
        found -> {
          forget(entry);
          known.settled(List.of(entry.id()));
          boolean shownAgain = Boolean.TRUE.equals(settlingRefused.remove(entry.id()));
          then.run();
          if (!found) {
            recheckBlocked();
          }
          if (shownAgain) {
            requeued.want(List.of(entry.id()));
          }
        });
  }

  /** Changes the state of rows. */
  <T> void update(String what, Work.Statement<T> update, Consumer<T> then) {
    settling++;
    lane.update(
        what + name(),
        update,
        result -> {
          settling--;
          then.accept(result);
        });
  }

  /** Does something later, unless memory is dropped before. */
  void later(long delayMillis, Runnable action) {
    context
        .core()
        .schedule(
            delayMillis,
            () -> {
              if (!dropped) {
                action.run();
                lane.pump();
              }
            });
  }

  /** These are marked as held. */
  void held(List<Entry> entries) {
    entries.forEach(this::forget);
    known.settled(entries.stream().map(Entry::id).toList());
  }

  private void forget(Entry entry) {
    bytes -= entry.bytes();
    context.memory().release(entry.bytes());
  }

  /** A connection died with these in flight; nobody knows whose fault it was. Last one first. */
  void sendAgain(List<Entry> backwards) {
    backwards.forEach(ready::addFirst);
  }

  /** A connection died with this one alone in flight, and it is not to be charged. */
  void sendLast(Entry entry) {
    ready.addLast(entry);
  }

  /** How many messages are answered and not yet settled in the table. */
  int settling() {
    return settling;
  }

  // What a person does. ---------------------------------------------------------------------------

  /**
   * An operator has changed something: look whether what blocks still stands, what is due, and
   * whether what is in memory is still there.
   */
  void recheck() {
    if (window.isOn()) {
      due.read();
      discards.look();
    }
    requeuedPerhaps = barrier.isShut() || gates.parkedCount() > 0;
    recheckBlocked();
  }

  /** Looks whether what blocks still stands; no statement where nothing blocks. */
  void recheckBlocked() {
    recheckWanted = true;
    if (!window.isOn() || rechecking) {
      return; // one at a time: a person may discard thousands of messages, each of which is told of
    }
    recheckWanted = false;
    recheckBarrier();
    Map<Long, Gate> heads = new HashMap<>();
    gates.forEachBlocked((gate, headId) -> heads.put(headId, gate));
    if (heads.isEmpty()) {
      return;
    }
    rechecking = true;
    read(
        "blocked gates of ",
        () -> context.store().standing(name(), heads.keySet(), failedToo()),
        (standing, ticket) -> {
          if (isBarred()) {
            requeued.want(standing);
          }
          heads.keySet().removeAll(standing);
          heads.forEach(
              (headId, gate) -> {
                gates.unblock(gate, headId);
                held.want(gate);
              });
          rechecking = false;
          if (recheckWanted) {
            recheckBlocked();
          }
          lane.pump();
        },
        () -> {});
  }

  private void recheckBarrier() {
    long id = barrier.waitsForId();
    if (id == 0) {
      return;
    }
    read(
        "refused truncate of ",
        () -> context.store().standing(name(), List.of(id), false),
        (standing, ticket) -> {
          if (standing.isEmpty() && barrier.waitsForId() == id) {
            barrier.settled();
            lane.pump();
          } else if (isBarred()) {
            requeued.want(standing);
            lane.pump();
          }
        },
        () -> {});
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
    context.memory().release(bytes);
    bytes = 0;
  }
}
