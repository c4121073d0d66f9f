// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.torture.FaultLog.Made;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Makes faults at random, by seed, some of them at the same time, but never two on one thing. Each
 * fault runs on a thread of its own from its start to its healing.
 */
final class FaultMaker implements AutoCloseable {
  private static final int HEALED_WITHIN_SECONDS = 60;

  /** So soon another fault is tried instead of one that could not be made. */
  private static final int NEXT_MILLIS = 20;

  private final Random random;
  private final List<Station> stations;
  private final List<RelaySlot> relays;
  private final List<FaultFamily> families;
  private final FaultLog log;
  private final Misbehaviour misbehaviour;
  private final RunRecord record;
  private final Map<List<FaultKind>, List<FaultKind>> decks = new HashMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  FaultMaker(
      long seed,
      List<Station> stations,
      List<RelaySlot> relays,
      List<FaultFamily> families,
      FaultLog log,
      Misbehaviour misbehaviour,
      RunRecord record) {
    this.record = record;
    this.random = new Random(seed);
    this.stations = stations;
    this.relays = relays;
    this.families = families;
    this.log = log;
    this.misbehaviour = misbehaviour;
  }

  /**
   * Makes faults until the stop signal, then heals them all.
   *
   * @param kinds each comes once, so that a short run has them all; then chance decides, by weight.
   *     What has not come when the time is over comes first when these are made again.
   */
  void make(List<FaultKind> kinds, int meanGapMillis, StopSignal stop) throws InterruptedException {
    Phaser underWay = new Phaser(1);
    List<FaultKind> deck = decks.computeIfAbsent(kinds, this::shuffled);
    int gapMillis = random.nextInt(2 * meanGapMillis);
    while (!stop.await(Duration.ofMillis(gapMillis))) {
      if (kinds.isEmpty()) {
        continue;
      }
      FaultKind kind =
          deck.isEmpty() ? FaultKind.pick(random, kinds) : deck.remove(deck.size() - 1);
      Chance chance = Chance.draw(random, stations, relays);
      boolean made = begin(kind, fault(kind, chance), stop, underWay);
      if (made) {
        record.say(
            "%s, drawn were %s and relay %d"
                .formatted(kind, drawn(chance), chance.relay().number()));
      }
      if (!made && !deck.isEmpty()) {
        deck.add(0, kind);
      }
      gapMillis = made ? random.nextInt(2 * meanGapMillis) : NEXT_MILLIS;
    }
    try {
      underWay.awaitAdvanceInterruptibly(
          underWay.arrive(), HEALED_WITHIN_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      misbehaviour.add("a fault could not be healed within " + HEALED_WITHIN_SECONDS + " s");
    }
  }

  private static String drawn(Chance chance) {
    return chance.station() == null ? "no station" : chance.station().name();
  }

  private List<FaultKind> shuffled(List<FaultKind> kinds) {
    List<FaultKind> deck = new ArrayList<>(kinds);
    Collections.shuffle(deck, random);
    return deck;
  }

  private Fault fault(FaultKind kind, Chance chance) {
    for (FaultFamily family : families) {
      Fault fault = family.fault(kind, chance);
      if (fault != null) {
        return fault;
      }
    }
    throw new IllegalStateException("nobody knows how " + kind + " is made");
  }

  /** Does it now if the thing is free, and not at all if another fault has it: then false. */
  private boolean begin(FaultKind kind, Fault fault, StopSignal stop, Phaser underWay) {
    if (!fault.thing().tryAcquire()) {
      return false;
    }
    Made made = log.begin(kind, fault.destination());
    underWay.register();
    threads.execute(
        () -> {
          try {
            made.came(fault.act().perform(stop));
          } catch (Exception e) {
            misbehaviour.add(kind + " could not be made: " + e);
          } finally {
            made.ended();
            record.say(kind + " is over");
            fault.thing().release();
            underWay.arriveAndDeregister();
          }
        });
    return true;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
