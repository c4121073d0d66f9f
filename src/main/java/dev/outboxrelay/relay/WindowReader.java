package dev.outboxrelay.relay;

import dev.outboxrelay.relay.Gates.Origin;
import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.Limits;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.values.Message;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a destination's pending messages, each once and in order: windows between two snapshots,
 * page by page, until the destination is up to date and the tail reader takes over. INVARIANT: a
 * window is read to its end before the next one begins, and every page of it shows what its one end
 * snapshot shows.
 */
final class WindowReader {
  /** One read brings at most so many bytes of row values, and one message more. */
  static final long READ_BYTES = 4L << 20;

  private enum State {
    /** Nothing is read. */
    OFF,
    /** A window is read page by page. */
    PAGING,
    /** New rows come by the tail reader, or will as soon as it has let this one in. */
    TAIL
  }

  private final Backlog backlog;
  private final LaneContext context;

  private State state = State.OFF;

  /** What is visible in it has been read; null when nothing has. */
  private @Nullable String from;

  /** Where the window ends; null when it has no end yet. */
  private @Nullable String upTo;

  private long after;
  private boolean reading;
  private boolean waitsForMemory;

  WindowReader(Backlog backlog, LaneContext context) {
    this.backlog = backlog;
    this.context = context;
  }

  /** Reads everything, from the start; also once more, beside what is in memory. */
  void start() {
    page(null, null, 0);
  }

  private void page(@Nullable String windowFrom, @Nullable String windowUpTo, long afterId) {
    context.tail().leave(backlog);
    state = State.PAGING;
    from = windowFrom;
    upTo = windowUpTo;
    after = afterId;
    pump();
  }

  /** The tail reader found a window too large for it. */
  void pageWindow(String windowFrom, String windowUpTo, long afterId) {
    if (isOn()) {
      page(windowFrom, windowUpTo, afterId);
    }
  }

  /** There is no room for more: go on, when there is, from where the tail reader was. */
  void lag(String readUpTo) {
    page(readUpTo, null, 0);
  }

  void off() {
    context.tail().leave(backlog);
    state = State.OFF;
  }

  boolean isOn() {
    return state != State.OFF;
  }

  /** There is more to be read. */
  boolean isPaging() {
    return state == State.PAGING;
  }

  boolean wantsTail() {
    return state == State.TAIL;
  }

  /** New rows, by the tail reader. */
  void fromTail(List<Message> messages, long ticket) {
    backlog.admit(messages, Origin.WINDOW, ticket);
  }

  /** Reads the next page, if there is one to read and room for it. */
  void pump() {
    if (state != State.PAGING || reading || waitsForMemory || !backlog.hasRoom()) {
      return;
    }
    MemoryBudget memory = context.memory();
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
    Limits limits = backlog.limits(context.config().pageSize(), granted);
    backlog.read(
        "page of ",
        () -> read(windowFrom, windowUpTo, afterId, limits),
        (page, ticket) -> {
          reading = false;
          came(page, ticket);
        },
        () -> memory.release(granted));
  }

  private record Page(String upTo, Batch batch) {}

  /** On a database thread. A window without an end ends now. */
  private Page read(
      @Nullable String windowFrom, @Nullable String windowUpTo, long afterId, Limits limits)
      throws SQLException {
    MessageStore store = context.store();
    String name = backlog.name();
    String end = windowUpTo;
    long start = afterId;
    if (end == null) {
      end = store.snapshot();
      if (windowFrom != null) {
        Long first = store.firstIds(List.of(name), windowFrom, end).get(name);
        if (first == null) {
          return new Page(end, new Batch(List.of(), false, afterId, Map.of()));
        }
        start = Math.max(afterId, first - 1);
      }
    }
    return new Page(end, store.page(name, start, windowFrom, end, limits, backlog.encoding()));
  }

  private void came(Page page, long ticket) {
    if (state != State.PAGING) {
      return;
    }
    Batch batch = page.batch();
    upTo = page.upTo();
    after = Math.max(after, batch.lastId());
    batch.nextDueMillis().values().forEach(backlog::dueIn);
    backlog.admit(batch.messages(), Origin.WINDOW, ticket);
    context.events().read(batch.messages().size());
    backlog.windowReached(batch.more() ? after : Long.MAX_VALUE);
    if (!batch.more()) {
      state = State.TAIL;
      context.tail().join(backlog, page.upTo());
    }
    backlog.pump();
  }
}
