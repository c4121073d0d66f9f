package dev.outboxrelay.relay;

import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The order by key. A gate lets one message through at a time. When one is refused its gate is
 * parked: what comes later is held in the table, and read back from there, in order, once the
 * refused message has been delivered or set aside.
 */
final class Gates {
  /** What to do with a message that has just been read. */
  enum Verdict {
    /** It may be sent now. */
    GO,
    /** It waits in memory behind another one. */
    WAIT,
    /** It is to be marked as held in the table, and dropped. */
    HOLD
  }

  /** Where a message was read. */
  enum Origin {
    /** In a window, as pending. */
    WINDOW,
    /** By its time, as one that was refused before. */
    RETRY,
    /** Behind a refused message that is settled by now. */
    HELD
  }

  private static final class Line {
    @Nullable Entry active;
    @Nullable Entry last;
    boolean parked;

    /** The refused message that blocks, 0 when nothing blocks any more. */
    long headId;

    /** Updates to 'held' that are not committed yet. */
    int holdsUnderWay;

    boolean readingHeld;

    /** Something was held since the last read of held messages began. */
    boolean heldSinceRead;
  }

  private final Map<Gate, Line> lines = new HashMap<>();
  private int parkedCount;

  Verdict admit(Entry entry, Origin origin) {
    Gate gate = entry.message.gate();
    if (gate == null) {
      return Verdict.GO;
    }
    Line line = lines.get(gate);
    if (line == null) {
      line = new Line();
      lines.put(gate, line);
      if (origin != Origin.WINDOW) {
        park(line, 0);
      }
    } else if (line.parked && origin == Origin.WINDOW && entry.id() != line.headId) {
      line.holdsUnderWay++;
      line.heldSinceRead = true;
      return Verdict.HOLD;
    }
    // A requeued head comes by a window, like a new message. An earlier message that a person has
    // requeued is not the head: the head's followers must not pass with it.
    if (line.headId == entry.id()) {
      line.headId = 0;
    }
    return append(line, entry);
  }

  private static Verdict append(Line line, Entry entry) {
    if (line.active == null) {
      line.active = entry;
      line.last = entry;
      return Verdict.GO;
    }
    Entry last = line.last;
    if (last != null) {
      last.follower = entry;
    }
    line.last = entry;
    return Verdict.WAIT;
  }

  /**
   * The active message of its gate is settled: delivered, or set aside.
   *
   * @return the next one that may go, null when none is in memory
   */
  @Nullable Entry settle(Entry entry) {
    Gate gate = entry.message.gate();
    Line line = gate == null ? null : lines.get(gate);
    if (gate == null || line == null) {
      return null;
    }
    Entry next = entry.follower;
    entry.follower = null;
    line.active = next;
    if (next == null) {
      line.last = null;
      if (!line.parked) {
        lines.remove(gate);
      }
    }
    return next;
  }

  /**
   * The active message of its gate blocks it, until it is tried again, requeued or discarded.
   *
   * @return its followers in memory, to be marked as held
   */
  List<Entry> block(Entry entry) {
    List<Entry> followers = new ArrayList<>();
    Gate gate = entry.message.gate();
    Line line = gate == null ? null : lines.get(gate);
    if (gate == null || line == null) {
      return followers;
    }
    for (Entry next = entry.follower; next != null; ) {
      Entry after = next.follower;
      next.follower = null;
      followers.add(next);
      next = after;
    }
    entry.follower = null;
    line.active = null;
    line.last = null;
    park(line, entry.id());
    line.holdsUnderWay += followers.size();
    line.heldSinceRead = true;
    return followers;
  }

  /** A gate was found parked in the table. */
  void parked(Gate gate, long headId) {
    Line line = lines.computeIfAbsent(gate, g -> new Line());
    if (line.active == null && !line.parked) {
      park(line, headId);
    }
  }

  private void park(Line line, long headId) {
    if (!line.parked) {
      line.parked = true;
      parkedCount++;
    }
    line.headId = headId;
  }

  /** An update to 'held' is committed. */
  void holdCommitted(Message message) {
    Gate gate = message.gate();
    Line line = gate == null ? null : lines.get(gate);
    if (line != null) {
      line.holdsUnderWay--;
    }
  }

  /** Whether held messages of the gate should be read now; if so the read counts as begun. */
  boolean beginHeldRead(Gate gate) {
    Line line = lines.get(gate);
    if (line == null
        || !line.parked
        || line.active != null
        || line.headId != 0
        || line.readingHeld
        || line.holdsUnderWay > 0) {
      return false;
    }
    line.readingHeld = true;
    line.heldSinceRead = false;
    return true;
  }

  /**
   * A read of held messages has ended.
   *
   * @param any it showed held rows, be they new or known
   */
  void endHeldRead(Gate gate, boolean any) {
    Line line = lines.get(gate);
    if (line == null) {
      return;
    }
    line.readingHeld = false;
    boolean idle = line.active == null && line.headId == 0 && line.holdsUnderWay == 0;
    if (!any && !line.heldSinceRead && idle && line.parked) {
      lines.remove(gate);
      parkedCount--;
    }
  }

  /** The blocking message is gone: requeued and delivered elsewhere, or discarded. */
  void unblock(Gate gate, long headId) {
    Line line = lines.get(gate);
    if (line != null && line.headId == headId) {
      line.headId = 0;
    }
  }

  /** Each gate that is blocked by a message, with that message's id. */
  void forEachBlocked(BiConsumer<Gate, Long> action) {
    lines.forEach(
        (gate, line) -> {
          if (line.parked && line.headId != 0) {
            action.accept(gate, line.headId);
          }
        });
  }

  /** Each message in memory that goes through a gate. */
  void forEach(Consumer<Entry> action) {
    for (Line line : lines.values()) {
      for (Entry entry = line.active; entry != null; entry = entry.follower) {
        action.accept(entry);
      }
    }
  }

  /** Whether this is the very message that its gate is blocked by. */
  boolean isBlockedBy(Message message) {
    Gate gate = message.gate();
    Line line = gate == null ? null : lines.get(gate);
    return line != null && line.parked && line.headId == message.id();
  }

  boolean isParked(Gate gate) {
    Line line = lines.get(gate);
    return line != null && line.parked;
  }

  /** How many gates are parked. */
  int parkedCount() {
    return parkedCount;
  }
}
