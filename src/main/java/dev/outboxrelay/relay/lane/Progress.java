// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.lane;

import dev.outboxrelay.relay.delivery.Moves;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.DestinationStore.Moved;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells the table which destinations move, so that whoever looks there sees those that do not, also
 * when no relay is left to say so; and tells those that stand still for no reason that is told
 * otherwise. One statement for all, now and then; none when nothing moves. Lives on the core.
 */
public final class Progress {
  /** Nothing moves for so long although something is owed: that is a standstill. As in the view. */
  static final Duration STALLED_AFTER = Duration.ofSeconds(30);

  public static final long TICK_MILLIS = 1000;

  /** Of one destination it is written so often at most. */
  private static final long WRITE_EVERY_NANOS = 10_000_000_000L;

  /** A destination that this relay owns. */
  public interface Moving {
    String name();

    long epoch();

    Moves moves();

    /**
     * Nothing is owed, as far as is known, or nothing of it may be sent for a reason that is told.
     */
    boolean rests();

    /** What is owed waits for a message that was refused, which is tried again in its time. */
    boolean isHeldUp();
  }

  private final Supplier<? extends Iterable<? extends Moving>> lanes;
  private final DestinationStore destinations;
  private final DatabaseWork databaseWork;
  private final Scheduler loop;
  private final RelayEvents events;

  private final Map<Moving, Written> written = new HashMap<>();
  private final Set<String> stalled = new HashSet<>();
  private boolean writing;

  /**
   * What was written of a lane.
   *
   * @param settled whether anything had been settled
   * @param awaited whether an answer was waited for
   */
  private record Written(
      long atNanos, boolean settled, long settledNanos, boolean awaited, long answerDueNanos) {}

  public Progress(
      Supplier<? extends Iterable<? extends Moving>> lanes,
      DestinationStore destinations,
      DatabaseWork databaseWork,
      Scheduler loop,
      RelayEvents events) {
    this.lanes = lanes;
    this.destinations = destinations;
    this.databaseWork = databaseWork;
    this.loop = loop;
    this.events = events;
  }

  /** To be called every {@link #TICK_MILLIS}. */
  public void tick() {
    long now = loop.nanoTime();
    List<Moved> moved = new ArrayList<>();
    Map<Moving, Written> still = new HashMap<>();
    Set<String> standing = new HashSet<>();
    for (Moving lane : lanes.get()) {
      Moves moves = lane.moves();
      if (lane.rests()) {
        moves.rests(now);
      }
      long quietNanos = now - moves.quietSinceNanos();
      if (!lane.isHeldUp() && quietNanos > STALLED_AFTER.toNanos()) {
        standing.add(lane.name());
        if (stalled.add(lane.name())) {
          events.stalled(lane.name(), quietNanos / 1_000_000L);
        }
      }
      Written before = written.get(lane);
      Written after = written(moves, now);
      if (!writing && isNews(before, after)) {
        moved.add(moved(lane, moves, now));
        still.put(lane, after);
      } else if (before != null) {
        still.put(lane, before);
      }
    }
    stalled.removeIf(
        name -> {
          boolean moves = !standing.contains(name);
          if (moves) {
            events.moving(name);
          }
          return moves;
        });
    written.clear();
    written.putAll(still);
    write(moved);
  }

  private static Written written(Moves moves, long now) {
    return new Written(
        now,
        moves.everSettled(),
        moves.settledNanos(),
        moves.awaitsAnswer(),
        moves.answerDueNanos());
  }

  private static boolean isNews(@Nullable Written before, Written now) {
    if (before == null) {
      return now.awaited() || now.settled();
    }
    boolean changed =
        now.settled() && now.settledNanos() != before.settledNanos()
            || now.awaited() && now.answerDueNanos() != before.answerDueNanos();
    return changed && now.atNanos() - before.atNanos() >= WRITE_EVERY_NANOS;
  }

  private static Moved moved(Moving lane, Moves moves, long now) {
    return new Moved(
        lane.name(),
        lane.epoch(),
        moves.everSettled() ? Math.max(0, (now - moves.settledNanos()) / 1_000_000L) : null,
        moves.awaitsAnswer() ? Math.max(0, (moves.answerDueNanos() - now) / 1_000_000L) : null);
  }

  private void write(List<Moved> moved) {
    if (moved.isEmpty()) {
      return;
    }
    writing = true;
    databaseWork.update("progress", () -> destinations.moved(moved), () -> writing = false);
  }
}
