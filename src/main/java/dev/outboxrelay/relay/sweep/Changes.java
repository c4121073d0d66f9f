// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sweep;

import dev.outboxrelay.relay.events.Wake;
import dev.outboxrelay.relay.lane.Lane;
import dev.outboxrelay.relay.loop.OnceMore;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.ownership.Fleet;
import dev.outboxrelay.relay.reading.TailReader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What people have done, as the control channel tells it: settings are read again, and lanes look
 * for what was requeued, made due or discarded. One look is under way and one wanted at most,
 * however often it is told, and the more often it is told the longer it is from one look to the
 * next: never so long that a person has to wait for it. Lives on the core.
 */
public final class Changes {
  /** From the start of a look to the start of the next, at least and at most. */
  private static final long FIRST_PAUSE_MILLIS = 10;

  private static final long LONGEST_PAUSE_MILLIS = 400;

  /** After so long without a look the next one is at once. */
  private static final long QUIET_MILLIS = 1000;

  /** So many times as long as a look takes is none begun. */
  private static final long REST = 4;

  private final Scheduler loop;
  private final Fleet fleet;
  private final DueTimes dueTimes;
  private final TailReader tail;
  private final Runnable look;

  private final Set<String> lanes = new HashSet<>();
  private boolean all;
  private final OnceMore looks = new OnceMore();
  private Scheduler.@Nullable Timer timer;
  private long startedNanos;
  private long pauseMillis;

  /**
   * @param look shares the destinations out; after settings were read
   */
  public Changes(Scheduler loop, Fleet fleet, DueTimes dueTimes, TailReader tail, Runnable look) {
    this.loop = loop;
    this.fleet = fleet;
    this.dueTimes = dueTimes;
    this.tail = tail;
    this.look = look;
    startedNanos = loop.nanoTime() - QUIET_MILLIS * 1_000_000L;
  }

  /**
   * A person has done something.
   *
   * @param changed the lanes that it concerns
   * @param concernsAll whether it concerns all
   */
  public void heard(Set<String> changed, boolean concernsAll) {
    looks.want();
    all |= concernsAll;
    lanes.addAll(changed);
    step();
  }

  private void step() {
    if (!looks.isWanted() || looks.isUnderWay() || timer != null) {
      return;
    }
    long sinceMillis = millisSinceStart();
    if (sinceMillis < pauseMillis) {
      timer =
          loop.schedule(
              pauseMillis - sinceMillis,
              () -> {
                timer = null;
                step();
              });
      return;
    }
    pauseMillis =
        sinceMillis >= QUIET_MILLIS
            ? FIRST_PAUSE_MILLIS
            : Math.min(LONGEST_PAUSE_MILLIS, 2 * pauseMillis);
    startedNanos = loop.nanoTime();
    if (looks.begin()) {
      begin();
    }
  }

  private long millisSinceStart() {
    return (loop.nanoTime() - startedNanos) / 1_000_000L;
  }

  private void begin() {
    Collection<Lane> concerned = all ? List.copyOf(fleet.lanes()) : named();
    all = false;
    lanes.clear();
    dueTimes.look(concerned);
    concerned.forEach(lane -> lane.backlog().recheck());
    tail.kick(Wake.CHANGE);
    // Last: when it is answered, so is what was asked before.
    fleet.reload(this::ended);
  }

  private List<Lane> named() {
    List<Lane> named = new ArrayList<>();
    for (String name : lanes) {
      Lane lane = fleet.lane(name);
      if (lane != null) {
        named.add(lane);
      }
    }
    return named;
  }

  private void ended() {
    look.run();
    looks.end();
    pauseMillis = Math.max(pauseMillis, Math.min(LONGEST_PAUSE_MILLIS, REST * millisSinceStart()));
    step();
  }
}
