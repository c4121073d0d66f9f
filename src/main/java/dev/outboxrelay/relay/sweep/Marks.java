// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sweep;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.lane.Backlog;
import dev.outboxrelay.relay.lane.Lane;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.ownership.Fleet;
import dev.outboxrelay.relay.reading.ReadTickets;
import dev.outboxrelay.relay.reading.Starts;
import dev.outboxrelay.relay.reading.TailReader;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.DestinationStore.Marked;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.MessageStore.Owed;
import dev.outboxrelay.store.MessageStore.Span;
import dev.outboxrelay.store.Snapshots;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Moves the marks of all lanes on: compares what the table says is owed, from the marks on, with
 * what is in memory, and lets the marks follow. So neither a sweep nor a start walks over what was
 * delivered long ago. They move at each sweep, and between two when many messages have been read.
 *
 * <p>Marks are written to the table seldom: a row that is updated often would be walked over itself
 * while somebody holds a snapshot.
 */
public final class Marks {
  /** So many messages, or transactions, lie between two marks that are written, at most. */
  private static final int LONGEST_STRIDE = 100_000;

  /** In pages, and never more than {@link #LONGEST_STRIDE}. */
  private static final int STRIDE_PAGES = 100;

  private static final int CHUNK = 10_000;

  private final Scheduler loop;
  private final DatabaseWork databaseWork;
  private final MessageStore store;
  private final DestinationStore destinations;
  private final TailReader tail;
  private final Starts starts;
  private final ReadTickets tickets;
  private final RelayEvents events;
  private final Fleet fleet;
  private final Missed missed;
  private final long stride;
  private final List<Runnable> wanted = new ArrayList<>();
  private boolean moving;

  /** Messages read since the marks moved. */
  private long readSinceMove;

  /** Messages read since the marks were written. */
  private long readSinceWrite;

  public Marks(
      int pageSize,
      Scheduler loop,
      DatabaseWork databaseWork,
      MessageStore store,
      DestinationStore destinations,
      TailReader tail,
      Starts starts,
      ReadTickets tickets,
      RelayEvents events,
      Fleet fleet,
      Missed missed) {
    this.loop = loop;
    this.databaseWork = databaseWork;
    this.store = store;
    this.destinations = destinations;
    this.tail = tail;
    this.starts = starts;
    this.tickets = tickets;
    this.events = events;
    this.fleet = fleet;
    this.missed = missed;
    stride = Math.min(LONGEST_STRIDE, STRIDE_PAGES * pageSize);
  }

  /** Messages were read. */
  public void read(int messages) {
    readSinceMove += messages;
    readSinceWrite += messages;
    if (readSinceMove >= stride && !moving) {
      readSinceMove = 0;
      loop.execute(() -> move(() -> {}));
    }
  }

  /**
   * Moves the marks, by what is in the table from now on.
   *
   * @param then runs when that is done
   */
  void move(Runnable then) {
    wanted.add(then);
    if (!moving) {
      moving = true;
      move();
    }
  }

  private void move() {
    List<Runnable> asked = List.copyOf(wanted);
    wanted.clear();
    readSinceMove = 0;
    compare(
        () ->
            follow(
                () ->
                    write(
                        () -> {
                          asked.forEach(Runnable::run);
                          if (wanted.isEmpty()) {
                            moving = false;
                          } else {
                            move();
                          }
                        })));
  }

  /**
   * A lane in the tail.
   *
   * @param was its mark; null when it has none
   * @param from where what is owed begins, by that mark
   * @param fromUpTo the largest id that had been looked at when it came there
   * @param to where it may go
   * @param toUpTo the largest id that has been looked at
   */
  private record Moving(
      Lane lane,
      Backlog backlog,
      @Nullable Mark was,
      Mark from,
      long fromUpTo,
      Mark to,
      long toUpTo) {
    static Moving of(Lane lane, String last) {
      Backlog backlog = lane.backlog();
      Mark mark = lane.mark();
      return new Moving(
          lane,
          backlog,
          mark,
          mark == null ? new Mark(last, 0, List.of()) : mark,
          mark == null ? Long.MAX_VALUE : lane.markedUpTo(),
          Objects.requireNonNull(backlog.window().reached()),
          backlog.window().seen());
    }

    /** What the mark says may be owed, as far as it had been looked at when it came there. */
    Stream<Span> spans() {
      String name = lane.name();
      Stream<Span> earlier = from.earlier().stream().map(id -> new Span(name, id, id));
      return from.firstId() <= fromUpTo
          ? Stream.concat(earlier, Stream.of(new Span(name, from.firstId(), fromUpTo)))
          : earlier;
    }

    /** The mark may have been taken away meanwhile, since something was missed. */
    void arrive() {
      if (lane.mark() == was) {
        lane.mark(to, toUpTo);
      }
    }
  }

  /** One comparison, of all lanes in the tail. */
  private record Comparison(
      Map<String, Moving> lanes,
      List<Span> spans,
      String since,
      String last,
      long ticket,
      Set<String> behind) {}

  private void compare(Runnable then) {
    String last = tail.last();
    Map<String, Moving> lanes = new HashMap<>();
    for (Lane lane : fleet.lanes()) {
      if (last != null && tail.contains(lane.backlog())) {
        lanes.put(lane.name(), Moving.of(lane, last));
      }
    }
    if (last == null || lanes.isEmpty()) {
      then.run();
      return;
    }
    List<Span> spans = lanes.values().stream().flatMap(Moving::spans).toList();
    String since = Snapshots.oldest(lanes.values().stream().map(m -> m.from().snapshot()).toList());
    long ticket = tickets.begin();
    chunk(
        new Comparison(lanes, spans, since, last, ticket, new HashSet<>()), new Owed("", 0), then);
  }

  private void chunk(Comparison comparison, Owed after, Runnable then) {
    databaseWork.submit(
        "sweep",
        () ->
            store.owed(
                comparison.lanes().keySet(),
                comparison.spans(),
                comparison.since(),
                comparison.last(),
                after.destination(),
                after.id(),
                CHUNK),
        owed -> {
          Map<String, Backlog> asked = new HashMap<>();
          comparison.lanes().forEach((name, moving) -> asked.put(name, moving.backlog()));
          comparison
              .behind()
              .addAll(missed.look(owed, asked, comparison.ticket(), events::passedOver));
          if (owed.size() == CHUNK) {
            chunk(comparison, owed.get(owed.size() - 1), then);
            return;
          }
          tickets.end(comparison.ticket());
          comparison.lanes().keySet().removeAll(comparison.behind());
          comparison.lanes().values().forEach(Moving::arrive);
          then.run();
        });
  }

  /** The marks of lanes that are not in the tail: these page, or read nothing at all. */
  private void follow(Runnable then) {
    Map<String, Lane> lanes = new HashMap<>();
    Map<String, @Nullable Mark> were = new HashMap<>();
    Map<String, Mark> asked = new HashMap<>();
    for (Lane lane : fleet.lanes()) {
      Mark reached = lane.backlog().window().reached();
      Mark mark = reached == null ? lane.mark() : reached;
      if (mark != null && !tail.contains(lane.backlog())) {
        lanes.put(lane.name(), lane);
        were.put(lane.name(), lane.mark());
        asked.put(lane.name(), mark);
      }
    }
    if (asked.isEmpty()) {
      then.run();
      return;
    }
    starts.ask(
        asked,
        found -> {
          lanes.forEach(
              (name, lane) -> {
                if (lane.mark() == were.get(name)) {
                  lane.mark(Objects.requireNonNull(found.get(name)).mark(), Long.MAX_VALUE);
                }
              });
          then.run();
        });
  }

  /** Writes all marks that have moved, if it is time. */
  private void write(Runnable then) {
    List<Lane> lanes =
        fleet.lanes().stream().filter(l -> !Objects.equals(l.mark(), l.writtenMark())).toList();
    if (lanes.isEmpty() || readSinceWrite < stride && lanes.stream().noneMatch(this::isLate)) {
      then.run();
      return;
    }
    readSinceWrite = 0;
    Map<Lane, @Nullable Mark> written = new HashMap<>();
    List<Marked> marked = new ArrayList<>();
    for (Lane lane : lanes) {
      written.put(lane, lane.mark());
      marked.add(new Marked(lane.name(), lane.encoding().epoch(), lane.mark()));
    }
    databaseWork.update(
        "marks",
        () -> destinations.mark(marked),
        () -> {
          written.forEach(Lane::wroteMark);
          then.run();
        });
  }

  /** There is none in the table, or it is wrong, or one that is far behind. */
  private boolean isLate(Lane lane) {
    Mark mark = lane.mark();
    Mark written = lane.writtenMark();
    return mark == null
        || written == null
        || Snapshots.between(written.snapshot(), mark.snapshot()) >= stride;
  }
}
