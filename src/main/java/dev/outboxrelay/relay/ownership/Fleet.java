// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ownership;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.lane.Lane;
import dev.outboxrelay.relay.lane.LaneFactory;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.OnceMore;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.loop.Troubles;
import dev.outboxrelay.relay.sessions.LockLease;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.LockSession;
import dev.outboxrelay.threads.Errors;
import dev.outboxrelay.values.Destination;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The destinations that this relay owns, as they come and go. Lives on the core. */
public final class Fleet {
  /**
   * How long a destination that is handed over, or whose settings changed, may wait for answers.
   */
  private static final long HAND_OVER_MILLIS = 5000;

  private static final Logger LOG = LoggerFactory.getLogger(Fleet.class);

  private final String relayName;
  private final LaneFactory laneFactory;
  private final Scheduler loop;
  private final DatabaseWork databaseWork;
  private final Troubles troubles;
  private final DestinationStore destinationStore;
  private final RelayEvents events;
  private final LockLease locks;
  private final DatabaseIdentity origin;

  private Map<String, Destination> destinations = Map.of();

  /** How many destinations each doorbell has. */
  private final Map<Integer, Integer> sizes = new HashMap<>();

  private final Set<Integer> mine = new HashSet<>();
  private final Set<Integer> leaving = new HashSet<>();

  /** Other threads may ask whether there is one of a name. */
  private final Map<String, Lane> lanes = new ConcurrentHashMap<>();

  /** Destinations that are being taken over, with the settings that they had then. */
  private final Map<String, Destination> arriving = new HashMap<>();

  private final OnceMore loads = new OnceMore();

  /** What waits for settings as they are from now on. */
  private final List<Runnable> afterLoad = new ArrayList<>();

  /** What was seen when nothing had to be taken or given up; null since anything changed here. */
  private LockSession.@Nullable View restful;

  private boolean owning;
  private boolean stopping;
  private final OnceMore reconciles = new OnceMore();

  public Fleet(
      String relayName,
      LaneFactory laneFactory,
      Scheduler loop,
      DatabaseWork databaseWork,
      Troubles troubles,
      DestinationStore destinationStore,
      RelayEvents events,
      LockLease locks,
      DatabaseIdentity origin) {
    this.relayName = relayName;
    this.laneFactory = laneFactory;
    this.loop = loop;
    this.databaseWork = databaseWork;
    this.troubles = troubles;
    this.destinationStore = destinationStore;
    this.events = events;
    this.locks = locks;
    this.origin = origin;
  }

  public Collection<Lane> lanes() {
    return lanes.values();
  }

  public @Nullable Lane lane(String destination) {
    return lanes.get(destination);
  }

  /** From any thread. */
  public boolean hasLane(String destination) {
    return lanes.containsKey(destination);
  }

  /**
   * The application's writes fail while the sequence of ids stands behind the rows, and when the
   * disk is full. What is too old is set aside, or given up.
   */
  public void mendIds() {
    databaseWork.update(
        "look at the sequence of ids, the disk and what has expired",
        () -> {
          destinationStore.mendIds();
          destinationStore.measure();
          destinationStore.expire();
        },
        () -> {});
  }

  /** The settings may have changed: read them. */
  public void reload(Runnable then) {
    afterLoad.add(then);
    loads.want();
    load();
  }

  private void load() {
    if (!loads.begin()) {
      return;
    }
    List<Runnable> asked = List.copyOf(afterLoad);
    afterLoad.clear();
    databaseWork.submit(
        "destinations",
        troubles.watched(destinations.keySet(), "destinations", () -> destinationStore.load()),
        loaded -> {
          loads.end();
          loaded(loaded);
          asked.forEach(Runnable::run);
          load();
        });
  }

  /** The store gives the same map as long as nothing has changed. */
  private void loaded(Map<String, Destination> now) {
    if (now == destinations) {
      return;
    }
    destinations = now;
    restful = null;
    sizes.clear();
    now.values().forEach(d -> sizes.merge(d.doorbell(), 1, Integer::sum));
    events.destinations(Set.copyOf(now.keySet()));
    reconcile();
  }

  /**
   * Who is there has been looked at: take what is free and ours to take, give up what is too much.
   */
  public void share(LockSession.View view) {
    if (stopping || !origin.isHere(view) || owning || view.equals(restful)) {
      return;
    }
    Set<Integer> settled = new HashSet<>(mine);
    settled.removeAll(leaving);
    Set<Integer> taken = new HashSet<>(view.owned());
    taken.addAll(mine);
    Shares shares = Shares.decide(sizes, settled, taken, Math.max(1, view.relays()), view.rank());
    restful = shares.release().isEmpty() && shares.own().isEmpty() ? view : null;
    shares.release().forEach(this::release);
    if (!shares.own().isEmpty()) {
      owning = true;
      locks.tryOwn(
          shares.own(),
          got -> {
            owning = false;
            if (!got.isEmpty()) {
              mendIds();
            }
            mine.addAll(got);
            restful = null;
            reconcile();
          });
    }
  }

  /**
   * Makes the lanes what destinations and ownership say they should be. What it does may call for
   * it again, for each of thousands of lanes at once: then it goes round once more.
   */
  private void reconcile() {
    reconciles.want();
    while (!stopping && reconciles.begin()) {
      reconcileOnce();
      reconciles.end();
    }
  }

  private void reconcileOnce() {
    for (Lane lane : List.copyOf(lanes.values())) {
      Destination now = destinations.get(lane.name());
      if (now == null) {
        lanes.remove(lane.name());
        lane.abandon("the destination was deleted");
        events.released(lane.name(), "deleted");
      } else if (!now.equals(lane.destination()) && !lane.isRetired()) {
        retire(lane, "its settings changed", () -> reconcile());
      }
    }
    for (Destination destination : destinations.values()) {
      if (mine.contains(destination.doorbell())
          && !leaving.contains(destination.doorbell())
          && !lanes.containsKey(destination.name())
          && !arriving.containsKey(destination.name())) {
        takeOver(destination);
      }
    }
  }

  private void takeOver(Destination destination) {
    String name = destination.name();
    arriving.put(name, destination);
    databaseWork.submit(
        "take-over of " + name,
        troubles.watched(
            List.of(name),
            "take-over of " + name,
            () -> destinationStore.takeOver(name, relayName)),
        taken -> {
          long epoch = taken.epoch();
          arriving.remove(name);
          boolean still =
              !stopping
                  && mine.contains(destination.doorbell())
                  && !leaving.contains(destination.doorbell())
                  && destination.equals(destinations.get(name));
          if (!still || epoch == 0) {
            reconcile();
            return;
          }
          Lane lane = laneFactory.create(destination, epoch, taken.mark(), this::replaced);
          lanes.put(name, lane);
          events.owned(name, epoch);
          lane.start();
          lane.probeIfDown();
        });
  }

  private void replaced(Lane lane) {
    String reason = "its epoch " + lane.epoch() + " is over";
    lane.abandon(reason);
    gone(lane, reason, this::reconcile);
  }

  /** Gives a doorbell up, with nothing in flight. */
  private void release(int doorbell) {
    if (!leaving.add(doorbell)) {
      return;
    }
    for (Lane lane : List.copyOf(lanes.values())) {
      if (lane.doorbell() == doorbell && !lane.isRetired()) {
        retire(lane, "handed over", () -> {});
      }
    }
    handOver(doorbell);
  }

  private void handOver(int doorbell) {
    boolean busy =
        lanes.values().stream().anyMatch(l -> l.doorbell() == doorbell)
            || arriving.values().stream().anyMatch(d -> d.doorbell() == doorbell);
    if (busy) {
      loop.schedule(10, () -> handOver(doorbell));
      return;
    }
    leaving.remove(doorbell);
    mine.remove(doorbell);
    restful = null;
    locks.disown(Set.of(doorbell));
  }

  private void retire(Lane lane, String reason, Runnable then) {
    Scheduler.Timer limit =
        loop.schedule(
            HAND_OVER_MILLIS,
            () -> {
              lane.abandon(reason + ", and answers did not come in time");
              gone(lane, reason, then);
            });
    lane.retire(
        () -> {
          limit.cancel();
          gone(lane, reason, then);
        });
  }

  private void gone(Lane lane, String reason, Runnable then) {
    if (lanes.remove(lane.name(), lane)) {
      events.released(lane.name(), reason);
      then.run();
    }
  }

  /**
   * Retires all lanes.
   *
   * @param then runs when nothing is in flight any more
   */
  public void stop(Runnable then) {
    stopping = true;
    for (Lane lane : List.copyOf(lanes.values())) {
      if (!lane.isRetired()) {
        lane.retire(() -> {});
      }
    }
    awaitStopped(then);
  }

  private void awaitStopped(Runnable then) {
    if (lanes.values().stream().allMatch(Lane::isEmpty)) {
      then.run();
    } else {
      loop.schedule(5, () -> awaitStopped(then));
    }
  }

  /** Drops everything at once: connections first, each whatever becomes of the others. */
  public void abandon(String reason) {
    stopping = true;
    for (Lane lane : lanes.values()) {
      try {
        lane.abandon(reason);
      } catch (RuntimeException | Error e) {
        Errors.report(e);
        LOG.error("destination {}: not closed in order", lane.name(), e);
      }
    }
    lanes.clear();
  }
}
