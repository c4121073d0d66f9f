package dev.outboxrelay.relay;

import dev.outboxrelay.relay.Gates.Origin;
import dev.outboxrelay.relay.Gates.Verdict;
import dev.outboxrelay.store.Batch;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One destination that this relay owns: reads what is owed to it, decides what may be sent, and
 * settles what was answered. Lives on the core; everything in it may be thrown away at any moment,
 * since the table knows what is owed.
 */
final class Lane {
  /** One read brings at most so many bytes of row values, and one message more. */
  static final long READ_BYTES = 4L << 20;

  /**
   * Beyond this many parked gates a destination counts as failing as a whole: nothing new is read.
   */
  static final int MAX_PARKED = 10_000;

  /** Another page is read while no more than so many are waiting. */
  private static final int LOW_WATER_PAGES = 2;

  /**
   * Reads of held messages under way at once, and rows of one: of each gate only one message is in
   * flight anyway.
   */
  private static final int HELD_READS = 2;

  private static final int HELD_ROWS = 100;

  private static final int MAX_ERROR_CHARS = 1000;

  private enum Reading {
    /** Nothing is read: not started, unreachable, paused or retired. */
    OFF,
    /** A window is read page by page. */
    PAGING,
    /** New rows come by the tail reader, or will as soon as it has let the lane in. */
    TAIL
  }

  private final Destination destination;
  private final Encoding encoding;
  private final LaneContext context;
  private final Link link;

  private KnownIds known;
  private Gates gates = new Gates();
  private Barrier barrier = new Barrier();
  private ArrayDeque<Entry> ready = new ArrayDeque<>();
  private int waiting;
  private long bytes;
  private int settling;

  private Reading reading = Reading.OFF;
  private @Nullable String from;
  private @Nullable String upTo;
  private long after;
  private boolean pageUnderWay;

  /** More gates are parked in the table than are known here. */
  private boolean moreParked;

  private boolean readingStanding;
  private boolean startWanted;

  /** State changes that are not committed yet, also those from before memory was last dropped. */
  private int updatesUnderWay;

  private boolean waitsForMemory;
  private boolean dueUnderWay;
  private boolean dueWanted;
  private final Set<Gate> heldWanted = new LinkedHashSet<>();
  private int heldUnderWay;
  private Scheduler.@Nullable Timer dueTimer;
  private long dueAtNanos;

  /**
   * Grows when memory is dropped, so that answers to earlier questions are told from those to new
   * ones.
   */
  private int generation;

  private Consumer<List<Long>> completed = whenCompleted();
  private boolean retired;
  private boolean abandoned;
  private @Nullable Runnable whenEmpty;

  Lane(Destination destination, Encoding encoding, LaneContext context) {
    this.destination = destination;
    this.encoding = encoding;
    this.context = context;
    known = new KnownIds(context.clock());
    link = new Link(destination, context, this);
    context.memory().enter();
  }

  String name() {
    return destination.name();
  }

  int doorbell() {
    return destination.doorbell();
  }

  Destination destination() {
    return destination;
  }

  Encoding encoding() {
    return encoding;
  }

  // ---- reading
  // ------------------------------------------------------------------------------------------------------

  /** Reads everything owed, from the start: after a take-over, and whenever memory was dropped. */
  void start() {
    if (destination.paused() || retired) {
      return;
    }
    // What was refused before memory was dropped may not be marked yet, and its followers must not
    // be read as free.
    startWanted = updatesUnderWay > 0;
    if (!startWanted) {
      readStanding(this::started);
    }
  }

  private record Standing(List<Parked> parked, boolean barrierWaits) {}

  private void readStanding(Runnable then) {
    int asked = generation;
    MessageStore store = context.store();
    boolean failedToo = destination.onFailure() == OnFailure.HOLD;
    readingStanding = true;
    context
        .work()
        .submit(
            "parked gates of " + name(),
            () ->
                new Standing(
                    store.parked(name(), failedToo, MAX_PARKED + 1), store.barrierWaits(name())),
            standing -> {
              if (asked == generation && !retired) {
                readingStanding = false;
                adopt(standing);
                then.run();
              }
            });
  }

  private void adopt(Standing standing) {
    List<Parked> parked = ordered() ? standing.parked() : List.of();
    moreParked = parked.size() > MAX_PARKED;
    parked.forEach(p -> gates.parked(p.gate(), p.headId()));
    parked.forEach(p -> readHeld(p.gate()));
    if (standing.barrierWaits() && reading == Reading.OFF) {
      barrier.waitsForRetry();
    }
  }

  private void started() {
    readDue();
    reading = Reading.PAGING;
    from = null;
    upTo = null;
    after = 0;
    readPage();
  }

  private boolean ordered() {
    return destination.ordering() == Ordering.KEY;
  }

  /** Pages a window that the tail reader found too large. */
  void page(@Nullable String windowFrom, String windowUpTo, long afterId) {
    if (reading == Reading.OFF) {
      return;
    }
    reading = Reading.PAGING;
    from = windowFrom;
    upTo = windowUpTo;
    after = afterId;
    readPage();
  }

  /** The lane has no room for more: it goes on by itself from where the tail reader was. */
  void lag(String readUpTo) {
    reading = Reading.PAGING;
    from = readUpTo;
    upTo = null;
    after = 0;
  }

  /** Grows when memory is dropped. */
  int generation() {
    return generation;
  }

  boolean wantsTail() {
    return reading == Reading.TAIL && !retired;
  }

  /** Whether another read's worth may come in. */
  boolean hasRoom() {
    return hasMemory() && !moreParked && gates.parkedCount() <= MAX_PARKED;
  }

  private boolean hasMemory() {
    return waiting + ready.size() <= LOW_WATER_PAGES * context.config().pageSize()
        && bytes <= context.memory().shareBytes() / 2;
  }

  private void readPage() {
    if (reading != Reading.PAGING || pageUnderWay || waitsForMemory || !hasRoom()) {
      return;
    }
    long granted = context.memory().reserve(Math.min(READ_BYTES, context.memory().shareBytes()));
    if (granted == 0) {
      waitsForMemory = true;
      context
          .memory()
          .whenFree(
              () -> {
                waitsForMemory = false;
                readPage();
              });
      return;
    }
    pageUnderWay = true;
    int asked = generation;
    long ticket = context.clock().begin();
    String windowFrom = from;
    String windowUpTo = upTo;
    long afterId = after;
    Limits limits = limits(granted);
    context
        .work()
        .submit(
            "page of " + name(),
            () -> readPage(windowFrom, windowUpTo, afterId, limits),
            page -> {
              context.memory().release(granted);
              if (asked == generation) {
                pageUnderWay = false;
                pageCame(page, ticket);
              }
              context.clock().end(ticket);
            });
  }

  private Limits limits(long granted) {
    return new Limits(context.config().pageSize(), granted, context.config().maxMessageBytes());
  }

  private record Page(String upTo, Batch batch) {}

  /** On a database thread. A window without an end yet ends now. */
  private Page readPage(
      @Nullable String windowFrom, @Nullable String windowUpTo, long afterId, Limits limits)
      throws java.sql.SQLException {
    MessageStore store = context.store();
    String end = windowUpTo;
    long start = afterId;
    if (end == null) {
      end = store.snapshot();
      if (windowFrom != null) {
        Long first = store.firstIds(List.of(name()), windowFrom, end).get(name());
        if (first == null) {
          return new Page(end, new Batch(List.of(), false, afterId, Map.of()));
        }
        start = Math.max(afterId, first - 1);
      }
    }
    return new Page(end, store.page(name(), start, windowFrom, end, limits, encoding));
  }

  private void pageCame(Page page, long ticket) {
    if (reading != Reading.PAGING) {
      return;
    }
    Batch batch = page.batch();
    upTo = page.upTo();
    after = Math.max(after, batch.lastId());
    batch.nextDueMillis().values().forEach(this::dueIn);
    admitAll(batch.messages(), Origin.WINDOW, ticket);
    context.events().read(batch.messages().size());
    if (!batch.more()) {
      reading = Reading.TAIL;
      from = page.upTo();
      upTo = null;
      context.tail().join(this, page.upTo());
    }
    pump();
  }

  /** New rows, by the tail reader. */
  void fromTail(List<Message> messages, long ticket) {
    admitAll(messages, Origin.WINDOW, ticket);
    pump();
  }

  /** A message will be due then. */
  void dueIn(long delayMillis) {
    if (retired || reading == Reading.OFF) {
      return;
    }
    long at = context.core().nanoTime() + delayMillis * 1_000_000L;
    if (dueTimer != null && dueAtNanos - at <= 0) {
      return;
    }
    if (dueTimer != null) {
      dueTimer.cancel();
    }
    dueAtNanos = at;
    dueTimer =
        context
            .core()
            .schedule(
                delayMillis,
                () -> {
                  dueTimer = null;
                  readDue();
                });
  }

  private void readDue() {
    if (retired || dueUnderWay) {
      return;
    }
    dueWanted = !hasMemory();
    if (dueWanted) {
      return;
    }
    dueUnderWay = true;
    int asked = generation;
    long ticket = context.clock().begin();
    Set<Long> except = known.inMemoryByTime();
    Limits limits = limits(Math.min(READ_BYTES, context.memory().shareBytes()));
    context
        .work()
        .submit(
            "due messages of " + name(),
            () -> context.store().due(name(), except, limits, encoding),
            batch -> {
              if (asked == generation) {
                dueUnderWay = false;
                for (Message message : batch.messages()) {
                  admit(message, message.refused() ? Origin.RETRY : Origin.WINDOW, ticket);
                }
                batch.nextDueMillis().values().forEach(this::dueIn);
                pump();
              }
              context.clock().end(ticket);
            });
  }

  private void readHeld(Gate gate) {
    heldWanted.add(gate);
    readHeld();
  }

  /** A few reads at a time, and only while there is memory: thousands of gates may open at once. */
  private void readHeld() {
    while (!heldWanted.isEmpty() && !retired && heldUnderWay < HELD_READS && hasMemory()) {
      Gate gate = heldWanted.iterator().next();
      heldWanted.remove(gate);
      if (gates.beginHeldRead(gate)) {
        startHeldRead(gate);
      }
    }
  }

  private void startHeldRead(Gate gate) {
    heldUnderWay++;
    int asked = generation;
    long ticket = context.clock().begin();
    Limits limits =
        new Limits(
            Math.min(HELD_ROWS, context.config().pageSize()),
            Math.min(READ_BYTES / 4, context.memory().shareBytes()),
            context.config().maxMessageBytes());
    context
        .work()
        .submit(
            "held messages of " + name(),
            () -> context.store().held(name(), gate, limits, encoding),
            batch -> {
              if (asked == generation) {
                heldUnderWay--;
                heldCame(gate, batch, ticket);
              }
              context.clock().end(ticket);
            });
  }

  private void heldCame(Gate gate, Batch batch, long ticket) {
    gates.endHeldRead(gate, !batch.messages().isEmpty());
    if (admitAll(batch.messages(), Origin.HELD, ticket) == 0) {
      // Nothing new, though perhaps rows whose completion is on its way: then that will ask again.
      if (batch.messages().isEmpty()) {
        readHeld(gate);
      } else {
        context.core().schedule(5, () -> readHeld(gate));
      }
    }
    pump();
  }

  // ---- admitting
  // ----------------------------------------------------------------------------------------------------

  private int admitAll(List<Message> messages, Origin origin, long ticket) {
    int admitted = 0;
    for (Message message : messages) {
      if (admit(message, origin, ticket)) {
        admitted++;
      }
    }
    flushHolds();
    return admitted;
  }

  /** To be marked as held. */
  private final List<Entry> holds = new ArrayList<>();

  /** To be marked as held as soon as the head of their gate is marked as refused. */
  private final Map<Gate, List<Entry>> blocking = new HashMap<>();

  private boolean admit(Message message, Origin origin, long ticket) {
    if (!known.add(message.id(), ticket, message.timed())) {
      return false;
    }
    Entry entry = new Entry(message);
    bytes += entry.bytes();
    context.memory().take(entry.bytes());
    if (!ordered()) {
      ready.add(entry);
    } else if (message.barrier() && origin == Origin.RETRY) {
      barrier.adopt(entry);
      ready.add(entry);
    } else if (origin == Origin.WINDOW && barrier.stops(message)) {
      barrier.queue(entry);
      waiting++;
    } else {
      pass(entry, origin);
    }
    return true;
  }

  private void pass(Entry entry, Origin origin) {
    Verdict verdict = gates.admit(entry, origin);
    if (verdict == Verdict.GO) {
      ready.add(entry);
    } else if (verdict == Verdict.WAIT) {
      waiting++;
    } else {
      hold(entry);
    }
  }

  /**
   * INVARIANT: a message is marked as held only after the one that blocks it is marked as refused,
   * so that whoever reads the table after a crash finds the head of a parked gate.
   */
  private void hold(Entry entry) {
    blocking.getOrDefault(gate(entry), holds).add(entry);
  }

  /** Marks messages as held, and drops them. */
  private void flushHolds() {
    if (holds.isEmpty()) {
      return;
    }
    List<Entry> entries = List.copyOf(holds);
    holds.clear();
    List<Long> ids = entries.stream().map(Entry::id).toList();
    context.events().held(name(), ids.size());
    update(
        "hold of " + name(),
        () -> context.store().hold(name(), encoding.epoch(), ids),
        () -> {
          entries.forEach(this::drop);
          entries.forEach(e -> gates.holdCommitted(e.message));
          known.settled(ids);
          Set<Gate> touched = new HashSet<>();
          entries.forEach(e -> touched.add(gate(e)));
          touched.forEach(this::readHeld);
        });
  }

  /** Changes the state of rows; {@code then} is left out when memory was dropped meanwhile. */
  private void update(String what, Work.Update update, Runnable then) {
    int asked = generation;
    settling++;
    updatesUnderWay++;
    context
        .work()
        .update(
            what,
            update,
            () -> {
              updatesUnderWay--;
              if (asked == generation) {
                settling--;
                then.run();
                pump();
              } else if (startWanted) {
                start();
              }
            });
  }

  private static Gate gate(Entry entry) {
    Gate gate = entry.message.gate();
    if (gate == null) {
      throw new IllegalStateException("message " + entry.id() + " has no key and is held");
    }
    return gate;
  }

  private void drop(Entry entry) {
    bytes -= entry.bytes();
    context.memory().release(entry.bytes());
  }

  // ---- sending
  // ------------------------------------------------------------------------------------------------------

  /** Does whatever can be done now. */
  void pump() {
    if (retired) {
      checkEmpty();
      return;
    }
    flushHolds();
    passBarrier();
    if (!ready.isEmpty()) {
      link.send(ready);
    }
    if (dueWanted) {
      readDue();
    }
    readHeld();
    if (moreParked && !readingStanding && gates.parkedCount() <= MAX_PARKED / 2) {
      readStanding(this::pump);
    }
    readPage();
  }

  /**
   * Lets a truncate go when everything before it is settled, and what follows when it is settled
   * itself.
   */
  private void passBarrier() {
    boolean nothingBefore =
        ready.isEmpty()
            && link.inFlight() == 0
            && waiting == barrier.queued()
            && gates.parkedCount() == 0
            && settling == 0;
    Entry next = barrier.next(nothingBefore);
    while (next != null) {
      waiting--;
      if (next.message.barrier()) {
        ready.add(next);
        return;
      }
      pass(next, Origin.WINDOW);
      next = barrier.next(false);
    }
    flushHolds();
  }

  /** The link will not send this one: it is too large. */
  void tooLarge(Entry entry) {
    String reason =
        "the row values take "
            + entry.message.rowBytes()
            + " bytes, more than max-message-bytes "
            + context.config().maxMessageBytes()
            + ": raise it and requeue, or discard the message";
    fail(entry, entry.message.attempts(), reason);
  }

  // ---- answers
  // ------------------------------------------------------------------------------------------------------

  /** Delivered. */
  void acknowledged(Entry entry) {
    settling++;
    context.completer().add(name(), entry.id(), destination.keepDelivered() != null, completed);
    drop(entry);
    advance(entry);
  }

  /** What is to happen when delivered rows are settled; one object a generation. */
  private Consumer<List<Long>> whenCompleted() {
    int asked = generation;
    return ids -> {
      if (asked == generation) {
        settling -= ids.size();
        known.settled(ids);
        pump();
      }
    };
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
    } else if (gate != null && ordered()) {
      readHeld(gate);
    }
  }

  /**
   * Refused, or charged with the death of a connection.
   *
   * @param retry false: not again
   * @param retryAfter null: by the destination's backoff
   */
  void refused(Entry entry, String reason, boolean retry, @Nullable Duration retryAfter) {
    int attempts = entry.message.attempts() + 1;
    String error =
        reason.length() > MAX_ERROR_CHARS ? reason.substring(0, MAX_ERROR_CHARS) : reason;
    if (!retry || attempts >= destination.maxAttempts()) {
      fail(entry, attempts, error);
      return;
    }
    long delayMillis =
        retryAfter != null
            ? retryAfter.toMillis()
            : new Backoff(destination.retryInitial(), destination.retryMax())
                .delayMillis(attempts, ThreadLocalRandom.current());
    block(entry);
    context.events().retried(name(), entry.id(), attempts, delayMillis, error);
    settle(
        entry,
        "retry of " + name(),
        () ->
            context
                .store()
                .retry(name(), encoding.epoch(), entry.id(), attempts, delayMillis, error),
        () -> {
          blocked(entry);
          dueIn(delayMillis);
        });
  }

  private void fail(Entry entry, int attempts, String error) {
    boolean hold = destination.onFailure() == OnFailure.HOLD && !entry.message.barrier();
    if (hold) {
      block(entry);
    }
    context.events().failed(name(), entry.id(), attempts, error);
    settle(
        entry,
        "failure of " + name(),
        () -> context.store().fail(name(), encoding.epoch(), entry.id(), attempts, error),
        () -> {
          if (hold) {
            blocked(entry);
          } else {
            advance(entry);
          }
        });
  }

  private void block(Entry entry) {
    if (!ordered() || barrier.isActive(entry)) {
      return;
    }
    List<Entry> followers = gates.block(entry);
    waiting -= followers.size();
    Gate gate = entry.message.gate();
    if (gate != null) {
      blocking.put(gate, followers);
    }
  }

  /** The head of a gate is marked in the table. */
  private void blocked(Entry entry) {
    Gate gate = entry.message.gate();
    List<Entry> followers = gate == null ? null : blocking.remove(gate);
    if (followers != null) {
      holds.addAll(followers);
    }
  }

  /** Writes a message's new state, then forgets it. */
  private void settle(Entry entry, String what, Work.Update update, Runnable then) {
    update(
        what,
        update,
        () -> {
          drop(entry);
          known.settled(List.of(entry.id()));
          then.run();
        });
  }

  /** A connection died with these in flight; nobody knows whose fault it was. Last one first. */
  void sendAgain(List<Entry> backwards) {
    backwards.forEach(ready::addFirst);
  }

  /** A connection died with this one alone in flight, and it is not to be charged. */
  void sendLast(Entry entry) {
    ready.addLast(entry);
  }

  // ---- the whole
  // ----------------------------------------------------------------------------------------------------

  /** Reads everything owed once more, beside what is in memory. */
  void rescan() {
    if (reading == Reading.OFF || retired) {
      return;
    }
    context.tail().leave(this);
    reading = Reading.PAGING;
    from = null;
    upTo = null;
    after = 0;
    readPage();
  }

  /** An operator has changed something: look whether what blocks still stands, and what is due. */
  void recheck() {
    if (reading == Reading.OFF || retired) {
      return;
    }
    Map<Long, Gate> heads = new HashMap<>();
    gates.forEachBlocked((gate, headId) -> heads.put(headId, gate));
    readDue();
    if (heads.isEmpty()) {
      return;
    }
    int asked = generation;
    context
        .work()
        .submit(
            "blocked gates of " + name(),
            () -> context.store().standing(name(), heads.keySet()),
            standing -> {
              if (asked != generation || retired) {
                return;
              }
              heads.forEach(
                  (headId, gate) -> {
                    if (!standing.contains(headId)) {
                      gates.unblock(gate, headId);
                      readHeld(gate);
                    }
                  });
            });
  }

  /**
   * Whether a read with this ticket may show the message although the lane has it, or has settled
   * it.
   */
  boolean knows(long id, long ticket) {
    return known.knows(id, ticket);
  }

  /** Throws everything in memory away; {@link #start} reads it again. */
  void reset() {
    generation++;
    completed = whenCompleted();
    context.tail().leave(this);
    reading = Reading.OFF;
    context.memory().release(bytes);
    bytes = 0;
    known = new KnownIds(context.clock());
    gates = new Gates();
    barrier = new Barrier();
    ready = new ArrayDeque<>();
    holds.clear();
    waiting = 0;
    settling = 0;
    pageUnderWay = false;
    dueUnderWay = false;
    dueWanted = false;
    moreParked = false;
    readingStanding = false;
    startWanted = false;
    heldWanted.clear();
    heldUnderWay = 0;
    blocking.clear();
    if (dueTimer != null) {
      dueTimer.cancel();
      dueTimer = null;
    }
  }

  /**
   * Sends nothing more, waits for the answers to what is in flight, and settles them.
   *
   * @param then runs once nothing is in flight; not after {@link #abandon}
   */
  void retire(Runnable then) {
    retired = true;
    context.tail().leave(this);
    reading = Reading.OFF;
    if (dueTimer != null) {
      dueTimer.cancel();
    }
    whenEmpty = then;
    checkEmpty();
  }

  private void checkEmpty() {
    Runnable then = whenEmpty;
    if (then != null && isEmpty()) {
      whenEmpty = null;
      abandon("nothing more to send");
      then.run();
    }
  }

  /** Closes the connection at once and drops everything. */
  void abandon(String reason) {
    if (abandoned) {
      return;
    }
    abandoned = true;
    retired = true;
    link.close(reason);
    reset();
    context.memory().leave();
  }

  /** How many messages are answered and not yet settled in the table. */
  int settling() {
    return settling;
  }

  /** Nothing is in flight, and every answer is settled in the table. */
  boolean isEmpty() {
    return link.inFlight() == 0 && settling == 0;
  }

  boolean isRetired() {
    return retired;
  }
}
