// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sessions;

import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.store.ListenSession.Heard;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What the listener has heard and the core has not taken yet. Anybody who may log in may notify
 * anything, as often as he likes. INVARIANT: nothing is kept here by a name that no lane has, and
 * at most one hand-over waits for the core, so that a flood costs the reading of it and nothing
 * more.
 *
 * <p>Threads: the listener's brings, the core takes; the monitor guards what is kept.
 */
public final class Notices {

  /**
   * What was heard since the last time.
   *
   * @param bells how often writers rang, by lane
   * @param changed lanes for which a person has done something
   * @param anyChanged a person has done something, perhaps to a destination without a lane
   * @param allChanged a person has done something that concerns all
   * @param ownBell the newest bell of the listener's own, 0 for none
   * @param flooded so much was notified that anything else may have gone unheard
   */
  public record News(
      Map<String, Integer> bells,
      Set<String> changed,
      boolean anyChanged,
      boolean allChanged,
      long ownBell,
      boolean flooded) {}

  private final Scheduler loop;
  private final Predicate<String> hasLane;
  private final Consumer<News> then;

  private Map<String, Integer> bells = new HashMap<>();
  private Set<String> changed = new HashSet<>();
  private boolean anyChanged;
  private boolean allChanged;
  private long ownBell;
  private boolean flooded;
  private boolean handedOver;

  /**
   * @param hasLane whether there is a lane of that name; asked on the listener's thread
   * @param then gets the news, on the core
   */
  public Notices(Scheduler loop, Predicate<String> hasLane, Consumer<News> then) {
    this.loop = loop;
    this.hasLane = hasLane;
    this.then = then;
  }

  /** On the listener's thread. */
  void heard(List<Heard> heard) {
    if (keep(heard)) {
      loop.execute(() -> then.accept(take()));
    }
  }

  /** On the listener's thread: what was notified until now may have gone unheard. */
  void flooded() {
    boolean first;
    synchronized (this) {
      flooded = true;
      first = !handedOver;
      handedOver = true;
    }
    if (first) {
      loop.execute(() -> then.accept(take()));
    }
  }

  /** Returns whether there is something to hand over, and nobody does. */
  private synchronized boolean keep(List<Heard> heard) {
    heard.forEach(this::keep);
    if (handedOver || bells.isEmpty() && !anyChanged && ownBell == 0) {
      return false;
    }
    handedOver = true;
    return true;
  }

  private synchronized void keep(Heard heard) {
    String name = heard.text();
    switch (heard.kind()) {
      case BELL -> {
        if (hasLane.test(name)) {
          bells.merge(name, 1, Notices::add);
        }
      }
      case CONTROL -> {
        anyChanged = true;
        if (name.isEmpty()) {
          allChanged = true;
        } else if (hasLane.test(name)) {
          changed.add(name);
        }
      }
      case SELF_TEST -> ownBell = Math.max(ownBell, heard.number());
    }
  }

  private static int add(int times, int once) {
    return times == Integer.MAX_VALUE ? times : times + once;
  }

  private synchronized News take() {
    News news = new News(bells, changed, anyChanged, allChanged, ownBell, flooded);
    bells = new HashMap<>();
    changed = new HashSet<>();
    anyChanged = false;
    allChanged = false;
    ownBell = 0;
    flooded = false;
    handedOver = false;
    return news;
  }
}
