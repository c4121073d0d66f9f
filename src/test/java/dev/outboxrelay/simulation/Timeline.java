// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time. What is planned for the earliest moment happens next; between equals chance
 * decides. Everything runs on the thread of the test.
 */
final class Timeline {
  static final long MICRO = 1_000;
  static final long MILLI = 1_000_000;
  static final long SECOND = 1_000_000_000;

  /** A run inside a run inside a run: deeper ones do not wait. */
  private static final int MAX_DEPTH = 12;

  /** Something that is planned. */
  static final class Event implements Comparable<Event> {
    private long at;
    private final long tie;
    private final long number;
    private final @Nullable Host host;
    private final Runnable task;
    private boolean cancelled;

    private Event(long at, long tie, long number, @Nullable Host host, Runnable task) {
      this.at = at;
      this.tie = tie;
      this.number = number;
      this.host = host;
      this.task = task;
    }

    void cancel() {
      cancelled = true;
    }

    @Override
    public int compareTo(Event other) {
      if (at != other.at) {
        return Long.compare(at, other.at);
      }
      return tie != other.tie ? Long.compare(tie, other.tie) : Long.compare(number, other.number);
    }
  }

  private final Chance chance;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long now = SECOND;
  private long count;
  private long ran;
  private int depth;
  private boolean stopped;

  Timeline(Chance chance) {
    this.chance = chance;
  }

  long now() {
    return now;
  }

  /** How many events have happened. */
  long ran() {
    return ran;
  }

  /** Nothing more happens. */
  void stop() {
    stopped = true;
  }

  boolean isStopped() {
    return stopped;
  }

  /** Plans something that happens to nobody in particular. */
  Event in(long nanos, Runnable task) {
    return add(now + nanos, chance.next(), null, task);
  }

  /** Plans something on a host: not while it is frozen, never once it is dead. */
  Event in(long nanos, Host host, Runnable task) {
    return add(now + nanos, chance.next(), host, task);
  }

  /** As {@link #in(long, Host, Runnable)}; of one host these happen in the order of their times. */
  Event timer(long nanos, Host host, Runnable task) {
    return add(now + nanos, now + nanos, host, task);
  }

  private Event add(long at, long tie, @Nullable Host host, Runnable task) {
    Event event = new Event(Math.max(now, at), tie, count++, host, task);
    events.add(event);
    return event;
  }

  /** Lets everything happen that is planned until then. */
  void runUntil(long until) {
    if (depth >= MAX_DEPTH) {
      return;
    }
    depth++;
    while (!stopped) {
      Event event = events.peek();
      if (event == null || event.at > until) {
        now = Math.max(now, until);
        break;
      }
      events.poll();
      Host host = event.host;
      if (event.cancelled || host != null && !host.isAlive()) {
        continue;
      }
      if (host != null && host.frozenUntil() > event.at) {
        event.at = host.frozenUntil();
        events.add(event);
        continue;
      }
      now = Math.max(now, event.at);
      ran++;
      event.task.run();
    }
    depth--;
  }
}
