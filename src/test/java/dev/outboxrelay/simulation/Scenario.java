// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.relay.RelayConfig;
import dev.outboxrelay.simulation.Version.State;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.store.Login;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Brakes;
import dev.outboxrelay.values.Destination.FailureBudget;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A few seconds of relays, writers, people and faults, all by one seed; then the faults end, and
 * everything that is owed has to arrive.
 */
final class Scenario {
  /** Whatever is owed by then has had its time: backoffs, a lease, and a repeated statement. */
  private static final long SETTLED_WITHIN = 40 * Timeline.SECOND;

  private static final Login NOWHERE = Login.of("jdbc:postgresql://memory/none", "nobody", "");

  /** What a message takes in memory beside its row values. */
  private static final int BESIDE_VALUES_BYTES = 1000;

  private static final long LOOK_EVERY = 200 * Timeline.MILLI;

  /**
   * What came of it.
   *
   * @param violation null when every promise was kept
   * @param digest the same for the same seed, and hardly ever for two
   */
  record Outcome(
      long seed,
      @Nullable String violation,
      int deliveries,
      int repeats,
      long events,
      long digest,
      List<String> trace) {}

  /** What happens in it. The seeds of one kind mean what they mean, whatever other kinds do. */
  enum Kind {
    /** Anything. */
    ANY,
    /**
     * Receivers refuse much of a few keys, somebody holds rows that follow a refused one, and
     * relays die meanwhile: what was marked as held is read by one that knows the table alone,
     * slowly, page by page.
     */
    LOCKED_FOLLOWERS,
    /**
     * The way between one relay and the server is cut twice, so that the lease lapses for a moment
     * and the lock session stands; the receiver puts everything off, so that only a rest's end has
     * messages sent.
     */
    LAPSED_LEASE,
    /**
     * Statements come late to the server, and of two relays the new owner's sessions are ended: it
     * raises the epoch when the other one owns the destination, and much is refused.
     */
    LATE_TAKE_OVER,
    /**
     * Anything, at destinations that have a failure budget, a rate, or held keys; messages expire.
     */
    BRAKED
  }

  private final Kind kind;
  private final long seed;
  private final Chance chance;
  private final World world;
  private final List<RelaySlot> slots = new ArrayList<>();
  private final List<Writer> writers = new ArrayList<>();
  private final People people;
  private final Faults faults;
  private final long sweepNanos;
  private final boolean calm;
  private final long lasts;

  private Scenario(Kind kind, long seed, boolean traced) {
    this.kind = kind;
    this.seed = seed;
    chance = new Chance(seed);
    calm = chance.is(0.25) && isAnything();
    boolean silent = chance.is(0.15) && isAnything();
    world = new World(seed, chance.split(), traced, failing(), slow(), silent);
    if (kind == Kind.LATE_TAKE_OVER) {
      world.weather().delay(0.3);
    }
    lasts =
        kind == Kind.LOCKED_FOLLOWERS || kind == Kind.LATE_TAKE_OVER
            ? 6 * Timeline.SECOND
            : kind == Kind.LAPSED_LEASE
                ? 15 * Timeline.SECOND
                : chance.nanosBetween(500 * Timeline.MILLI, 5 * Timeline.SECOND);
    int sweepMillis = kind == Kind.LAPSED_LEASE ? 60_000 : chance.of(1000, 3000, 20_000, 60_000);
    sweepNanos = (silent ? Math.min(20_000, sweepMillis) : sweepMillis) * Timeline.MILLI;
    addDestinations();
    addRelays();
    addWriters(silent);
    people = new People(world);
    faults = new Faults(world, slots);
  }

  /** Runs one of any kind. */
  static Outcome run(long seed, boolean traced) {
    return run(Kind.ANY, seed, traced);
  }

  static Outcome run(Kind kind, long seed, boolean traced) {
    return new Scenario(kind, seed, traced).run();
  }

  private double failing() {
    return calm || kind == Kind.LAPSED_LEASE || kind == Kind.LATE_TAKE_OVER
        ? 0
        : chance.of(0.0, 0.0, 0.005, 0.03, 0.1);
  }

  private double slow() {
    if (kind == Kind.LAPSED_LEASE || kind == Kind.LATE_TAKE_OVER) {
      return 0;
    }
    if (kind == Kind.LOCKED_FOLLOWERS) {
      return 0.1;
    }
    return calm ? 0 : chance.of(0.0, 0.0, 0.01, 0.05);
  }

  private void addDestinations() {
    if (!isAnything()) {
      addOne();
      return;
    }
    int count = chance.between(1, 4);
    double rough = calm ? 0 : chance.of(0.0, 0.5, 1.0);
    for (int id = 1; id <= count; id++) {
      Destination destination =
          Settings.of(
              id,
              chance.is(0.2) ? 1 : id,
              chance.is(0.8) ? Ordering.KEY : Ordering.NONE,
              chance.is(0.3) ? OnFailure.HOLD : OnFailure.SKIP,
              chance.of(1, 2, 3, 50),
              chance.of(1, 20, 200),
              chance.of(100, 400, 2000),
              chance.of(1, 2, 5, 100),
              chance.is(0.25) ? Duration.ofSeconds(chance.of(0, 1, 3600)) : null);
      world.server().put(kind == Kind.BRAKED ? braked(destination) : destination);
      Receiver.Script script =
          chance.is(rough)
              ? new Receiver.Script(
                  chance.of(0.0, 0.05, 0.4),
                  chance.of(0.0, 0.2),
                  chance.of(0.0, 0.0, 0.05),
                  chance.of(0.0, 0.0, 0.03),
                  chance.of(0.0, 0.0, 0.05),
                  chance.of(0, 0, 7),
                  chance.of(1, 30, 300) * Timeline.MILLI)
              : new Receiver.Script(
                  chance.of(0.0, 0.1, 0.3), chance.of(0.0, 0.3), 0, 0, 0, 0, 20 * Timeline.MILLI);
      world.put(destination.name(), new Receiver(world, destination.name(), script));
    }
  }

  private Destination braked(Destination destination) {
    FailureBudget budget = chance.is(0.7) ? new FailureBudget(chance.of(0.0, 0.1, 0.5), 20) : null;
    return Settings.braked(
        destination,
        new Brakes(budget, chance.is(0.6) ? chance.of(20, 100, 1000) : null, Set.of()));
  }

  private boolean isAnything() {
    return kind == Kind.ANY || kind == Kind.BRAKED;
  }

  private void addOne() {
    Destination destination =
        Settings.of(1, 1, Ordering.KEY, OnFailure.HOLD, 50, 20, 400, chance.of(1, 2, 5), null);
    world.server().put(destination);
    double refusing = kind == Kind.LOCKED_FOLLOWERS ? 0.4 : kind == Kind.LATE_TAKE_OVER ? 0.8 : 0;
    Receiver.Script script = new Receiver.Script(refusing, 0, 0, 0, 0, 0, 30 * Timeline.MILLI);
    Receiver receiver = new Receiver(world, destination.name(), script);
    world.put(destination.name(), receiver);
    if (kind == Kind.LAPSED_LEASE) {
      receiver.putAllOff();
    }
  }

  private void addRelays() {
    int count =
        kind == Kind.LAPSED_LEASE ? 1 : kind == Kind.LATE_TAKE_OVER ? 2 : chance.between(1, 3);
    int boundMillis =
        kind == Kind.LAPSED_LEASE || kind == Kind.LATE_TAKE_OVER
            ? 10_000
            : chance.of(1500, 3000, 10_000);
    for (int n = 1; n <= count; n++) {
      DatabaseSettings database =
          new DatabaseSettings(
              NOWHERE, chance.between(2, 4), Duration.ofSeconds(1), Duration.ofMillis(boundMillis));
      RelayConfig config =
          new RelayConfig(
              database,
              "relay" + n,
              Duration.ofNanos(sweepNanos),
              chance.is(0.1) ? Duration.ofMillis(50) : Duration.ZERO,
              chance.of(1, 2, 5, 25, 1000),
              kind == Kind.LOCKED_FOLLOWERS ? 1 << 24 : 1 << 20, // memory is not its subject
              1 << 18,
              Duration.ofSeconds(3));
      slots.add(new RelaySlot(world, config.name(), config));
    }
  }

  private void addWriters(boolean silent) {
    List<String> destinations = List.copyOf(world.server().destinations().keySet());
    Map<String, List<String>> captured = new LinkedHashMap<>();
    int tables = chance.between(1, 3);
    for (int n = 1; n <= tables; n++) {
      List<String> owed = new ArrayList<>();
      owed.add(chance.of(destinations));
      String second = chance.of(destinations);
      if (chance.is(0.2) && !owed.contains(second)) {
        owed.add(second);
      }
      captured.put("t" + n, owed);
    }
    RowLocks rowLocks = new RowLocks();
    int count = chance.between(1, 4);
    double truncating = chance.of(0.0, 0.0, 0.08);
    double puttingOff = chance.of(0.0, 0.0, 0.1);
    int keys = chance.of(1, 3, 12);
    int bytes = chance.is(0.1) ? 100_000 : 60;
    world.writesUpTo(bytes + BESIDE_VALUES_BYTES);
    for (int n = 1; n <= count; n++) {
      Writer.Habits habits =
          new Writer.Habits(
              chance.of(0.0, 0.1, 0.5),
              chance.of(0.0, 0.05, 0.3),
              silent ? 0.3 : 0,
              truncating,
              puttingOff,
              keys,
              chance.of(1, 3, 8),
              bytes);
      writers.add(
          new Writer(
              world,
              rowLocks,
              "writer" + n,
              habits,
              captured,
              chance.between(1, kind == Kind.ANY || kind == Kind.LAPSED_LEASE ? 12 : 40)));
    }
  }

  private Outcome run() {
    Timeline timeline = world.timeline();
    long begin = timeline.now();
    slots.forEach(slot -> slot.startWithin(chance.is(0.7) ? Timeline.MILLI : lasts));
    writers.forEach(writer -> writer.start(lasts / 2));
    boolean lapses = kind == Kind.LAPSED_LEASE;
    plan(!lapses && chance.is(0.5) ? chance.between(1, 8) : 0, people::act);
    if (lapses) {
      timeline.in(4 * Timeline.SECOND, faults::lapse);
    } else if (kind == Kind.LATE_TAKE_OVER) {
      plan(100, faults::endSessionsOfNewOwner);
    } else if (!calm) {
      plan(chance.is(0.5) ? chance.between(1, 4) : 0, faults::strikeRelay);
      plan(chance.is(0.15) ? chance.between(1, 2) : 0, faults::strikeServer);
      plan(chance.is(0.5) ? chance.between(1, 6) : 0, faults::strikeReceiver);
    }
    if (kind == Kind.LOCKED_FOLLOWERS) {
      plan(40, people::holdFollowers);
      plan(6, faults::killRelay);
    }
    if (kind == Kind.BRAKED) {
      world.expireEvery(chance.of(0, 3, 17));
      plan(chance.between(0, 6), people::holdOrReleaseKey);
    }
    timeline.runUntil(begin + lasts);
    end();
    return new Outcome(
        seed,
        world.checker().violation(),
        world.checker().deliveries(),
        world.checker().repeats(),
        timeline.ran(),
        world.trace().digest(),
        world.trace().lines());
  }

  private void plan(int times, Runnable deed) {
    for (int n = 0; n < times; n++) {
      world.timeline().in(chance.nanosBetween(0, lasts), deed);
    }
  }

  /** Everything goes well from now on. */
  private void end() {
    Timeline timeline = world.timeline();
    world.trace().add("scenario", "everything goes well from now on");
    world.weather().calmDown();
    world.receivers().values().forEach(Receiver::heal);
    slots.forEach(slot -> slot.host().thaw(timeline.now()));
    long patience = SETTLED_WITHIN + (world.hasSilentWriters() ? sweepNanos : 0);
    long until = timeline.now() + patience;
    String owed = "not looked";
    while (owed != null && !timeline.isStopped() && timeline.now() < until) {
      timeline.runUntil(timeline.now() + LOOK_EVERY);
      boolean writing =
          !writers.stream().allMatch(Writer::isDone) || !world.server().open().isEmpty();
      if (writing) {
        until = Math.max(until, timeline.now() + patience);
      } else {
        people.resumeAll();
        requeueWhatHoldsOthers();
      }
      owed = writing ? "writers are at work" : world.checker().owed();
    }
    if (timeline.isStopped()) {
      return;
    }
    if (owed != null) {
      world.checker().violation("stuck", owed);
    } else {
      world.checker().checkEnd();
    }
  }

  private void requeueWhatHoldsOthers() {
    for (Row row : List.copyOf(world.server().rows())) {
      Version version = row.committed;
      Destination settings =
          version == null ? null : world.server().destinations().get(version.destination());
      if (version != null
          && settings != null
          && version.state() == State.FAILED
          && settings.onFailure() == OnFailure.HOLD
          && !row.isLocked()) {
        people.requeue(row);
      }
    }
  }
}
