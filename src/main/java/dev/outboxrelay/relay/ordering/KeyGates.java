// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ordering;

import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The order by key. A gate lets one message through at a time. When one is refused its gate is
 * parked: what comes later is held in the table, and read back from there, in order, once the
 * refused message has been delivered or set aside.
 */
public final class KeyGates {
  /** What to do with a message that has just been read. */
  public enum Verdict {
    /** It may be sent now. */
    GO,
    /** It waits in memory behind another one. */
    WAIT,
    /** It is to be marked as held in the table, and dropped. */
    HOLD
  }

  /** Where a message was read. */
  public enum Origin {
    /** In a window, as pending. */
    WINDOW,
    /** By its time, as one that was refused before. */
    RETRY,
    /** Behind a refused message that is settled by now. */
    HELD
  }

  private static final class Line {
    @Nullable QueuedMessage active;
    @Nullable QueuedMessage last;
    boolean parked;

    /** A person holds the key: as long as this memory lasts nothing of it goes. */
    boolean stopped;

    /** The refused message that blocks, 0 when nothing blocks any more. */
    long headId;

    /**
     * Refused messages beside the head, null when there are none: what is held goes up to the first
     * of them, which is the head then.
     */
    @Nullable TreeSet<Long> alsoRefused;

    /** Updates to 'held' that are not committed yet. */
    int holdsUnderWay;

    boolean readingHeld;

    /** Something was held since the last read of held messages began. */
    boolean heldSinceRead;
  }

  private final Map<Gate, Line> lines = new HashMap<>();
  private int parkedCount;
  private int stoppedCount;

  Verdict admit(QueuedMessage entry, Origin origin) {
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
    } else if (line.parked
        && origin == Origin.WINDOW
        && (line.stopped || entry.id() != line.headId)) {
      forgetRefused(line, entry.id());
      line.holdsUnderWay++;
      line.heldSinceRead = true;
      return Verdict.HOLD;
    }
    // A requeued head comes by a window, like a new message. An earlier message that a person has
    // requeued is not the head: the head's followers must not pass with it.
    forgetRefused(line, entry.id());
    return append(line, entry);
  }

  private static void forgetRefused(Line line, long id) {
    if (line.headId == id) {
      line.headId = 0;
    } else if (line.alsoRefused != null) {
      line.alsoRefused.remove(id);
    }
  }

  private static void alsoRefused(Line line, Collection<Long> ids) {
    if (line.alsoRefused == null) {
      line.alsoRefused = new TreeSet<>();
    }
    line.alsoRefused.addAll(ids);
  }

  private static Verdict append(Line line, QueuedMessage entry) {
    if (line.active == null) {
      line.active = entry;
      line.last = entry;
      return Verdict.GO;
    }
    QueuedMessage last = line.last;
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
  @Nullable QueuedMessage settle(QueuedMessage entry) {
    Gate gate = entry.message.gate();
    Line line = gate == null ? null : lines.get(gate);
    if (gate == null || line == null) {
      return null;
    }
    QueuedMessage next = entry.follower;
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
   * @return its followers in memory, to be marked as held. One that was refused before goes on
   *     blocking: it stands in the table as such, and comes back by its time.
   */
  public List<QueuedMessage> block(QueuedMessage entry) {
    List<QueuedMessage> followers = new ArrayList<>();
    Gate gate = entry.message.gate();
    Line line = gate == null ? null : lines.get(gate);
    if (gate == null || line == null) {
      return followers;
    }
    for (QueuedMessage next = entry.follower; next != null; ) {
      QueuedMessage after = next.follower;
      next.follower = null;
      followers.add(next);
      if (next.message.refused()) {
        alsoRefused(line, List.of(next.id()));
      }
      next = after;
    }
    entry.follower = null;
    line.active = null;
    line.last = null;
    if (line.headId != 0) {
      alsoRefused(line, List.of(line.headId));
    }
    park(line, entry.id());
    line.holdsUnderWay += followers.size();
    line.heldSinceRead = true;
    return followers;
  }

  /**
   * A gate was found parked in the table.
   *
   * @param refusedIds its refused messages, in order; none when only held ones are left
   */
  public void parked(Gate gate, List<Long> refusedIds) {
    Line line = lines.computeIfAbsent(gate, g -> new Line());
    if (line.active != null || line.parked) {
      return;
    }
    park(line, refusedIds.isEmpty() ? 0 : refusedIds.get(0));
    if (refusedIds.size() > 1) {
      alsoRefused(line, refusedIds.subList(1, refusedIds.size()));
    }
  }

  /** A person holds the key. Before anything of it is read; when he lets it go, memory is new. */
  public void stop(Gate gate) {
    Line line = new Line();
    line.stopped = true;
    lines.put(gate, line);
    park(line, 0);
    stoppedCount++;
  }

  /** Whether nothing of the message's key goes, be it refused before or not. */
  public boolean isStopped(Message message) {
    if (stoppedCount == 0) {
      return false;
    }
    Gate gate = message.gate();
    Line line = gate == null ? null : lines.get(gate);
    return line != null && line.stopped;
  }

  /** Whether a person holds any key. */
  public boolean isAnyStopped() {
    return stoppedCount > 0;
  }

  private void park(Line line, long headId) {
    if (!line.parked) {
      line.parked = true;
      parkedCount++;
    }
    line.headId = headId;
  }

  /** An update to 'held' is committed. */
  public void holdCommitted(Message message) {
    Gate gate = message.gate();
    Line line = gate == null ? null : lines.get(gate);
    if (line != null) {
      line.holdsUnderWay--;
    }
  }

  /** Whether held messages of the gate should be read now; if so the read counts as begun. */
  public boolean beginHeldRead(Gate gate) {
    Line line = lines.get(gate);
    if (line == null
        || !line.parked
        || line.stopped
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
   * What may go of the held messages that a read has shown: those before the next refused one,
   * which blocks the gate when there is none before it.
   */
  public List<Message> free(Gate gate, List<Message> held) {
    Line line = lines.get(gate);
    if (line == null || line.alsoRefused == null || line.alsoRefused.isEmpty()) {
      return held;
    }
    long nextRefusedId = line.alsoRefused.first();
    List<Message> free = held.stream().filter(message -> message.id() < nextRefusedId).toList();
    if (free.isEmpty() && line.headId == 0) {
      line.alsoRefused.remove(nextRefusedId);
      line.headId = nextRefusedId;
    }
    return free;
  }

  /**
   * A read of held messages has ended.
   *
   * @param any it showed held rows, be they new or known
   */
  public void endHeldRead(Gate gate, boolean any) {
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
  public void unblock(Gate gate, long headId) {
    Line line = lines.get(gate);
    if (line != null) {
      forgetRefused(line, headId);
    }
  }

  /** Each gate with a refused message, with that message's id: a gate may have several. */
  public void forEachBlocked(BiConsumer<Gate, Long> action) {
    lines.forEach(
        (gate, line) -> {
          if (line.parked && line.headId != 0) {
            action.accept(gate, line.headId);
          }
          if (line.alsoRefused != null) {
            line.alsoRefused.forEach(id -> action.accept(gate, id));
          }
        });
  }

  /** Each message in memory that goes through a gate. */
  void forEach(Consumer<QueuedMessage> action) {
    for (Line line : lines.values()) {
      for (QueuedMessage entry = line.active; entry != null; entry = entry.follower) {
        action.accept(entry);
      }
    }
  }

  /** Whether this is one of the very messages that its gate is blocked by. */
  boolean isBlockedBy(Message message) {
    Gate gate = message.gate();
    Line line = gate == null ? null : lines.get(gate);
    return line != null
        && line.parked
        && (line.headId == message.id()
            || line.alsoRefused != null && line.alsoRefused.contains(message.id()));
  }

  public boolean isParked(Gate gate) {
    Line line = lines.get(gate);
    return line != null && line.parked;
  }

  /** How many gates are parked. */
  public int parkedCount() {
    return parkedCount;
  }
}
