// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.events.Wake;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.loop.Troubles;
import dev.outboxrelay.relay.ordering.MemoryBudget;
import dev.outboxrelay.relay.sessions.Doorbells;
import dev.outboxrelay.relay.sessions.LockLease;
import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.store.Limits;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.Tail;
import dev.outboxrelay.values.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads what is new, for all lanes that are up to date, in one statement. INVARIANT: of every lane
 * in here, each row that is visible in {@code last} has been read. A lane that lags leaves, pages
 * by itself, and joins again.
 */
public final class TailReader {
  private record Joining(TailMember member, String upTo) {}

  /**
   * So many bells in a row for which nothing comes are followed at once: two writers may ring for
   * what one read brings. Anybody may ring, as often as he likes.
   */
  private static final int FEW = 3;

  private final MessageStore store;
  private final DatabaseWork databaseWork;
  private final Troubles troubles;
  private final Scheduler loop;
  private final ReadTickets tickets;
  private final MemoryBudget memory;
  private final Doorbells doorbells;
  private final LockLease locks;
  private final RelayEvents events;
  private final MissedBells missedBells;
  private final int pageSize;
  private final long maxMessageBytes;
  private final ReadPause pause = new ReadPause();

  private final Map<String, TailMember> members = new LinkedHashMap<>();
  private final ArrayDeque<Joining> joining = new ArrayDeque<>();
  private @Nullable String last;
  private boolean reading;
  private boolean falling;
  private boolean wanted;
  private boolean waitsForMemory;

  /** Somebody has rung since the last read began. */
  private boolean rung;

  /** Reads in a row that a bell brought about, and that found nothing. */
  private int inVain;

  /** The next read is a sweep's. */
  private boolean sweeping;

  private long lastReadNanos;
  private Scheduler.@Nullable Timer timer;

  public TailReader(
      int pageSize,
      long maxMessageBytes,
      MessageStore store,
      DatabaseWork databaseWork,
      Troubles troubles,
      Scheduler loop,
      ReadTickets tickets,
      MemoryBudget memory,
      Doorbells doorbells,
      LockLease locks,
      MissedBells missedBells,
      RelayEvents events) {
    this.pageSize = pageSize;
    this.maxMessageBytes = maxMessageBytes;
    this.store = store;
    this.databaseWork = databaseWork;
    this.troubles = troubles;
    this.loop = loop;
    this.tickets = tickets;
    this.memory = memory;
    this.doorbells = doorbells;
    this.locks = locks;
    this.events = events;
    this.missedBells = missedBells;
  }

  /** What the members in here have been read up to; null while there are none. */
  public @Nullable String last() {
    return members.isEmpty() ? null : last;
  }

  public boolean contains(TailMember member) {
    return members.get(member.name()) == member;
  }

  /** A lane has read everything that is visible in a snapshot, and wants what follows. */
  void join(TailMember member, String upTo) {
    joining.add(new Joining(member, upTo));
    step();
  }

  /** A lane lags, or is no more. It has been read up to {@link #last()}. */
  void leave(TailMember member) {
    joining.removeIf(j -> j.member() == member);
    if (contains(member)) {
      members.remove(member.name());
      doorbells.left(member.doorbell());
    }
  }

  /** It is time to look: read as soon as the last read has ended. */
  public void kick(Wake cause) {
    events.woken(cause);
    kick();
  }

  private void kick() {
    wanted = true;
    step();
  }

  /** A writer rang, or somebody who passes for one. */
  public void rung() {
    rung = true;
    events.woken(Wake.BELL);
    if (inVain < FEW) {
      kick();
    } else if (timer == null) {
      readLater();
    }
  }

  /** The listening session has heard its own bell. */
  public void heardOwnBell(long number) {
    missedBells.heardOwn(number);
  }

  /** Reads whether anybody rang or not, and tells what no bell announces. */
  public void sweep() {
    sweeping = true;
    kick(Wake.SWEEP);
  }

  private void step() {
    if (reading) {
      return;
    }
    if (!joining.isEmpty()) {
      admitOne();
      return;
    }
    if (wanted) {
      read();
    }
  }

  /** Between two reads, so that {@code last} stays what it is. */
  private void admitOne() {
    Joining next = joining.remove();
    TailMember member = next.member();
    String from = next.upTo();
    if (members.isEmpty() || from.equals(last)) {
      last = from;
      add(member);
      step();
      return;
    }
    String upTo = lastRead();
    reading = true;
    long ticket = tickets.begin();
    databaseWork.submit(
        "join",
        troubles.watched(
            List.of(member.name()),
            "join",
            () -> store.firstIds(List.of(member.name()), from, upTo)),
        first -> {
          tickets.end(ticket);
          reading = false;
          Long firstId = first.get(member.name());
          if (!member.wantsTail()) {
            step();
          } else if (firstId != null) {
            member.pageWindow(from, upTo, firstId - 1);
            step();
          } else {
            add(member);
            step();
          }
        });
  }

  private String lastRead() {
    String snapshot = last;
    if (snapshot == null) {
      throw new IllegalStateException("members in the tail without a snapshot");
    }
    return snapshot;
  }

  private void add(TailMember member) {
    if (member.wantsTail() && !contains(member)) {
      members.put(member.name(), member);
      doorbells.joined(member.doorbell(), loop.nanoTime());
      wanted = true;
    }
  }

  private void read() {
    for (TailMember member : List.copyOf(members.values())) {
      if (!member.hasRoom()) {
        leave(member);
        member.lag(lastRead());
      }
    }
    if (members.isEmpty()) {
      wanted = false;
      return;
    }
    long asked = Math.min(memory.shareBytes(), PageReader.READ_BYTES);
    long granted = memory.reserve(asked);
    if (granted == 0) {
      doorbells.wakeBusy(doorbell -> true);
      if (!waitsForMemory) {
        waitsForMemory = true;
        memory.whenFree(
            () -> {
              waitsForMemory = false;
              kick();
            });
      }
      return;
    }
    wanted = false;
    cancelTimer();
    String from = lastRead();
    Set<TailMember> ringing =
        sweeping ? missedBells.ringing(members.values(), lastReadNanos) : Set.of();
    sweeping = false;
    boolean brought = rung;
    rung = false;
    long sinceNanos = lastReadNanos;
    lastReadNanos = loop.nanoTime();
    Map<String, TailMember> asking = new HashMap<>(members);
    Map<String, Encoding> encodings = new HashMap<>();
    asking.forEach((name, member) -> encodings.put(name, member.encoding()));
    Limits limits = new Limits(pageSize, granted, maxMessageBytes);
    reading = true;
    long ticket = tickets.begin();
    databaseWork.submit(
        "tail read",
        troubles.watched(asking.keySet(), "tail read", () -> store.tail(encodings, from, limits)),
        tail ->
            memory.exchange(
                granted,
                () -> {
                  if (!tail.batch().messages().isEmpty() || tail.overflow()) {
                    inVain = 0;
                  } else if (brought) {
                    inVain++;
                  }
                  if (tail.overflow()) {
                    page(asking, from, tail, ticket);
                    return;
                  }
                  reading = false;
                  last = tail.snapshot();
                  Map<TailMember, Integer> found = deliver(asking, tail, ticket);
                  Set<Integer> traffic = new HashSet<>();
                  found.keySet().forEach(member -> traffic.add(member.doorbell()));
                  tickets.end(ticket);
                  events.read(tail.batch().messages().size());
                  doorbells.wakeBusy(traffic::contains);
                  settle(traffic, loop.nanoTime() - lastReadNanos);
                  found.keySet().retainAll(ringing);
                  missedBells.found(found, sinceNanos);
                }));
  }

  private Map<TailMember, Integer> deliver(Map<String, TailMember> asked, Tail tail, long ticket) {
    Map<String, List<Message>> byLane = new LinkedHashMap<>();
    for (Message message : tail.batch().messages()) {
      byLane.computeIfAbsent(message.destination(), d -> new ArrayList<>()).add(message);
    }
    Map<TailMember, Integer> found = new HashMap<>();
    byLane.forEach(
        (name, messages) -> {
          TailMember member = asked.get(name);
          if (member != null && contains(member)) {
            found.put(member, messages.size());
            member.fromTail(messages, ticket);
            member.pump();
          }
        });
    tail.batch()
        .nextDueMillis()
        .forEach(
            (name, millis) -> {
              TailMember member = asked.get(name);
              if (member != null) {
                member.dueIn(millis);
              }
            });
    return found;
  }

  /**
   * The window is larger than a read: the members that have something in it page it by themselves.
   */
  private void page(Map<String, TailMember> asked, String from, Tail tail, long ticket) {
    databaseWork.submit(
        "window",
        troubles.watched(
            asked.keySet(), "window", () -> store.firstIds(asked.keySet(), from, tail.snapshot())),
        first -> {
          tickets.end(ticket);
          reading = false;
          last = tail.snapshot();
          Set<Integer> traffic = new HashSet<>();
          first.forEach(
              (name, firstId) -> {
                TailMember member = asked.get(name);
                if (member != null && contains(member)) {
                  traffic.add(member.doorbell());
                  leave(member);
                  member.pageWindow(from, tail.snapshot(), firstId - 1);
                }
              });
          doorbells.wakeBusy(traffic::contains);
          wanted = true;
          step();
        });
  }

  /** After a read: read again, or let what is quiet fall asleep. */
  private void settle(Set<Integer> traffic, long tookNanos) {
    if (!traffic.isEmpty()) {
      pause.found(tookNanos);
    }
    if (wanted || !joining.isEmpty()) {
      wanted = true; // whoever joins may not come in, and then nobody else would ask
      step();
      return;
    }
    Set<Integer> idle = doorbells.idle(traffic);
    if (!idle.isEmpty() && !falling) {
      falling = true;
      locks.trySleep(
          idle,
          got -> {
            falling = false;
            doorbells.fellAsleep(got, loop.nanoTime());
            if (!got.isEmpty()) {
              kick(Wake.AWAKE); // once more, now that every new writer rings
            } else {
              readLater();
            }
          });
    } else if (doorbells.anyAwake()) {
      readLater();
    } else if (!members.isEmpty()) {
      events.asleep();
    }
  }

  private void readLater() {
    cancelTimer();
    timer = loop.schedule(pause.next(), () -> kick(Wake.AWAKE));
  }

  private void cancelTimer() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }
}
