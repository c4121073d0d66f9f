// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sessions;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which doorbells ring. A doorbell sleeps while its exclusive lock is held: then every writer
 * rings. It is awake otherwise, and is read now and then. Sleeping is always safe; being awake
 * spares busy writers the cost of NOTIFY, which makes their commits queue up.
 */
public final class Doorbells {
  /**
   * Rings of one doorbell within this time make it worth waking. Waking and falling asleep again
   * are four statements: less traffic than this is served with fewer by the bell.
   */
  private static final long BUSY_NANOS = 2_000_000L;

  private static final class Bell {
    /** What was rung before nobody here has counted. */
    final long sinceNanos;

    int lanes;
    boolean asleep;
    long asleepNanos;
    boolean busy;
    long lastRungNanos;
    boolean rungOnce;

    Bell(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }
  }

  private final LockLease locks;
  private final Map<Integer, Bell> bells = new HashMap<>();

  /** When any writer may have rung without being heard yet. */
  private long unheardNanos;

  private boolean everUnheard;

  public Doorbells(LockLease locks) {
    this.locks = locks;
  }

  /** A lane of this doorbell reads by the tail now. */
  public void joined(int doorbell, long nowNanos) {
    bells.computeIfAbsent(doorbell, d -> new Bell(nowNanos)).lanes++;
  }

  /**
   * A lane of this doorbell does not read by the tail any more: nobody wants its writers to ring.
   */
  public void left(int doorbell) {
    Bell bell = bells.get(doorbell);
    if (bell == null) {
      return;
    }
    bell.lanes--;
    if (bell.lanes == 0) {
      bells.remove(doorbell);
      if (bell.asleep) {
        locks.wake(Set.of(doorbell));
      }
    }
  }

  /**
   * Writers rang.
   *
   * @param times how often, since the last time
   */
  public void rung(int doorbell, int times, long nowNanos) {
    Bell bell = bells.get(doorbell);
    if (bell == null) {
      return;
    }
    bell.busy |= times > 1 || bell.rungOnce && nowNanos - bell.lastRungNanos < BUSY_NANOS;
    bell.rungOnce = true;
    bell.lastRungNanos = nowNanos;
  }

  /** So much was notified that a bell may stand behind it, unheard. */
  public void perhapsRung(long nowNanos) {
    everUnheard = true;
    unheardNanos = nowNanos;
  }

  /** Whether each writer rings, and has done so at a moment. */
  public boolean isAsleepSince(int doorbell, long nanos) {
    Bell bell = bells.get(doorbell);
    return bell != null && bell.asleep && bell.asleepNanos - nanos <= 0;
  }

  /** Whether a writer has rung since then, or may have, as far as is known. */
  public boolean rungSince(int doorbell, long nanos) {
    Bell bell = bells.get(doorbell);
    return bell == null
        || bell.sinceNanos - nanos > 0
        || bell.rungOnce && bell.lastRungNanos - nanos >= 0
        || everUnheard && unheardNanos - nanos >= 0;
  }

  /**
   * Wakes the busy ones. Called when what they rang for is on its way, since that is what somebody
   * waits for. A bell for which nothing has come is no writer's.
   *
   * @param withTraffic those for which something has come
   */
  public void wakeBusy(Predicate<Integer> withTraffic) {
    Set<Integer> woken = new HashSet<>();
    bells.forEach(
        (doorbell, bell) -> {
          if (bell.busy && bell.asleep && withTraffic.test(doorbell)) {
            bell.asleep = false;
            woken.add(doorbell);
          }
          bell.busy = false;
        });
    if (!woken.isEmpty()) {
      locks.wake(woken);
    }
  }

  /** Those that are awake, and were without traffic in the last read. */
  public Set<Integer> idle(Set<Integer> withTraffic) {
    Set<Integer> idle = new HashSet<>();
    bells.forEach(
        (doorbell, bell) -> {
          if (!bell.asleep && !withTraffic.contains(doorbell)) {
            idle.add(doorbell);
          }
        });
    return idle;
  }

  /** The locks were got. Those that nobody wants any more are given back. */
  public void fellAsleep(Set<Integer> got, long nowNanos) {
    Set<Integer> unwanted = new HashSet<>();
    for (int doorbell : got) {
      Bell bell = bells.get(doorbell);
      if (bell == null) {
        unwanted.add(doorbell);
      } else {
        bell.asleep = true;
        bell.asleepNanos = nowNanos;
      }
    }
    if (!unwanted.isEmpty()) {
      locks.wake(unwanted);
    }
  }

  public boolean anyAwake() {
    return bells.values().stream().anyMatch(b -> !b.asleep);
  }
}
