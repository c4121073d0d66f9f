// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.ordering.KeyGates.Origin;
import dev.outboxrelay.relay.ordering.MemoryBudget;
import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.Limits;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.values.Message;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads a destination's pending messages, each once and in order: windows between two snapshots,
 * page by page, until the destination is up to date and the tail reader takes over. INVARIANT: a
 * window is read to its end before the next one begins, and every page of it shows what its one end
 * snapshot shows.
 */
public final class PageReader {
  /** One read brings at most so many bytes of row values, and one message more. */
  static final long READ_BYTES = 4L << 20;

  private enum State {
    /** Nothing is read. */
    OFF,
    /** It is being found out where what is owed begins. */
    STARTING,
    /** A window is read page by page. */
    PAGING,
    /** New rows come by the tail reader, or will as soon as it has let this one in. */
    TAIL
  }

  private final Intake intake;
  private final TailMember member;
  private final MessageStore store;
  private final TailReader tail;
  private final Starts starts;
  private final MemoryBudget memory;
  private final RelayEvents events;

  private State state = State.OFF;

  /** What is visible in it has been read; null when nothing has. */
  private @Nullable String from;

  /** Where the window ends; null when it has no end yet. */
  private @Nullable String upTo;

  private long after;

  /** Ids up to {@link #after} that the window begins with: they are read by themselves. */
  private TreeSet<Long> earlier = new TreeSet<>();

  /** The largest id that a window has shown, or that none had to show. */
  private long seen;

  /** Which start the answer belongs to. */
  private int startNumber;

  private boolean reading;
  private boolean waitsForMemory;

  /**
   * @param member who joins the tail in the end
   */
  public PageReader(
      Intake intake,
      TailMember member,
      MessageStore store,
      TailReader tail,
      Starts starts,
      MemoryBudget memory,
      RelayEvents events) {
    this.intake = intake;
    this.member = member;
    this.store = store;
    this.tail = tail;
    this.starts = starts;
    this.memory = memory;
    this.events = events;
  }

  /** Reads everything that is owed. */
  public void start() {
    Mark mark = intake.mark();
    if (mark == null) {
      readAll();
      return;
    }
    tail.leave(member);
    state = State.STARTING;
    int start = ++startNumber;
    starts.ask(
        Map.of(intake.name(), mark),
        found -> {
          if (state == State.STARTING && start == startNumber) {
            begin(Objects.requireNonNull(found.get(intake.name())));
          }
        });
  }

  private void begin(Starts.Start start) {
    page(null, start.snapshot(), start.firstId() - 1);
    earlier = start.earlier();
    pump();
  }

  /** Reads everything, trusting no mark; also once more, beside what is in memory. */
  public void readAll() {
    page(null, null, 0);
    pump();
  }

  /**
   * Below what this destination owes nothing any more; null while nobody knows. What is in memory
   * is owed until the server has confirmed that it is not.
   */
  public @Nullable Mark reached() {
    if (state == State.TAIL) {
      String last = tail.contains(member) ? tail.last() : upTo;
      return reached(last, seen + 1);
    }
    if (state == State.PAGING && upTo != null && earlier.isEmpty()) {
      return reached(upTo, after + 1);
    }
    return state == State.PAGING ? reached(from, seen + 1) : null;
  }

  private @Nullable Mark reached(@Nullable String snapshot, long bound) {
    return snapshot == null
        ? null
        : Mark.of(snapshot, bound, intake.smallestPending(Mark.MAX_EARLIER + 1));
  }

  /** The largest id that has been looked at. */
  public long seen() {
    return seen;
  }

  private void page(@Nullable String windowFrom, @Nullable String windowUpTo, long afterId) {
    tail.leave(member);
    state = State.PAGING;
    from = windowFrom;
    upTo = windowUpTo;
    after = afterId;
    earlier = new TreeSet<>();
    seen = Math.max(seen, afterId);
  }

  /** The tail reader found a window too large for it. */
  public void pageWindow(String windowFrom, String windowUpTo, long afterId) {
    if (isOn()) {
      page(windowFrom, windowUpTo, afterId);
      pump();
    }
  }

  /** There is no room for more: go on, when there is, from where the tail reader was. */
  public void lag(String readUpTo) {
    page(readUpTo, null, 0);
    pump();
  }

  public void off() {
    tail.leave(member);
    state = State.OFF;
  }

  public boolean isOn() {
    return state != State.OFF;
  }

  /** There is more to be read. */
  public boolean isPaging() {
    return state == State.PAGING;
  }

  public boolean wantsTail() {
    return state == State.TAIL;
  }

  /** New rows, by the tail reader. */
  public void fromTail(List<Message> messages, long ticket) {
    messages.forEach(message -> seen = Math.max(seen, message.id()));
    intake.admit(messages, Origin.WINDOW, ticket);
  }

  /** Reads the next page, if there is one to read and room for it. */
  public void pump() {
    if (state != State.PAGING || reading || waitsForMemory || !intake.hasRoom()) {
      return;
    }
    long granted = memory.reserve(Math.min(READ_BYTES, memory.shareBytes()));
    if (granted == 0) {
      waitsForMemory = true;
      memory.whenFree(
          () -> {
            waitsForMemory = false;
            pump();
          });
      return;
    }
    reading = true;
    String windowFrom = from;
    String windowUpTo = upTo;
    long afterId = after;
    List<Long> earlierIds = List.copyOf(earlier);
    Limits limits = intake.limits(intake.pageSize(), granted);
    intake.read(
        "page of ",
        granted,
        () -> read(windowFrom, windowUpTo, afterId, earlierIds, limits),
        (page, ticket) -> {
          reading = false;
          came(page, ticket);
        });
  }

  /**
   * What was read.
   *
   * @param ofEarlier of the ids that the window begins with
   */
  private record Page(String upTo, Batch batch, boolean ofEarlier) {}

  /** On a database thread. A window without an end ends now. */
  private Page read(
      @Nullable String windowFrom,
      @Nullable String windowUpTo,
      long afterId,
      List<Long> earlierIds,
      Limits limits)
      throws SQLException {
    String name = intake.name();
    if (windowUpTo != null && !earlierIds.isEmpty()) {
      Batch batch = store.requeued(name, earlierIds, limits, intake.encoding());
      return new Page(windowUpTo, batch, true);
    }
    String end = windowUpTo;
    long start = afterId;
    if (end == null) {
      end = store.snapshot();
      if (windowFrom != null) {
        Long first = store.firstIds(List.of(name), windowFrom, end).get(name);
        if (first == null) {
          return new Page(end, new Batch(List.of(), false, afterId, Map.of()), false);
        }
        start = Math.max(afterId, first - 1);
      }
    }
    Batch batch = store.page(name, start, windowFrom, end, limits, intake.encoding());
    return new Page(end, batch, false);
  }

  private void came(Page page, long ticket) {
    if (state != State.PAGING) {
      return;
    }
    Batch batch = page.batch();
    upTo = page.upTo();
    if (page.ofEarlier()) {
      earlier =
          batch.more() ? new TreeSet<>(earlier.tailSet(batch.lastId(), false)) : new TreeSet<>();
    } else {
      after = Math.max(after, batch.lastId());
      seen = Math.max(seen, after);
    }
    batch.nextDueMillis().values().forEach(intake::dueIn);
    intake.admit(batch.messages(), Origin.WINDOW, ticket);
    events.read(batch.messages().size());
    if (batch.more() || page.ofEarlier()) {
      intake.windowReached(earlier.isEmpty() ? after : earlier.first() - 1);
    } else {
      intake.windowReached(Long.MAX_VALUE);
      // What was published for later stands elsewhere, and no page shows it.
      intake.readDue();
      state = State.TAIL;
      tail.join(member, page.upTo());
    }
    intake.pump();
  }
}
