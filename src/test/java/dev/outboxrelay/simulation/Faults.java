// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.values.Destination;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The large faults: of processes, of the server and of the way between, of receivers. */
final class Faults {
  /** Of new owners: one has to get through in the end. */
  private static final int MOST_STRIKES = 8;

  private final World world;
  private final List<RelaySlot> slots;
  private final Chance chance;

  /** What the epoch was when a session was first seen to own. */
  private final Map<MemoryLockSession, Long> epochs = new HashMap<>();

  private int strikes;

  Faults(World world, List<RelaySlot> slots) {
    this.world = world;
    this.slots = slots;
    chance = world.chance().split();
  }

  private void trace(String what) {
    world.trace().add("fault", what);
  }

  /** Lets something last. */
  private void last(long nanos, Runnable end) {
    world.checker().faultBegins();
    world
        .timeline()
        .in(
            nanos,
            () -> {
              end.run();
              world.checker().faultEnds();
            });
  }

  void strikeRelay() {
    RelaySlot slot = chance.of(slots);
    world.checker().fault();
    switch (chance.between(0, 7)) {
      case 0, 1 -> {
        boolean silently = chance.is(0.3);
        trace("kills " + slot + (silently ? ", and nobody hears of it" : ""));
        slot.kill(silently);
      }
      case 2 -> {
        trace("stops " + slot);
        slot.stop();
      }
      case 3 -> {
        long nanos = chance.nanosBetween(50 * Timeline.MILLI, 2 * slot.silenceNanos());
        trace("freezes " + slot + " for " + nanos / Timeline.MILLI + " ms");
        Host host = slot.host();
        host.freezeUntil(world.timeline().now() + nanos);
        last(nanos, () -> {});
      }
      case 4 -> {
        long nanos = chance.nanosBetween(50 * Timeline.MILLI, 2 * slot.silenceNanos());
        trace("cuts " + slot + " off for " + nanos / Timeline.MILLI + " ms");
        slot.host().cutOffUntil(world.timeline().now() + nanos);
        last(nanos, () -> {});
      }
      case 5 -> {
        trace("floods " + slot);
        slot.process().listenSessions().forEach(MemoryListenSession::flood);
      }
      default -> {
        trace("ends the sessions of " + slot);
        slot.process().endSessions();
      }
    }
  }

  void killRelay() {
    RelaySlot slot = chance.of(slots);
    world.checker().fault();
    trace("kills " + slot);
    slot.kill(false);
  }

  /** Ends the sessions of a relay that owns a destination and has not raised its epoch yet. */
  void endSessionsOfNewOwner() {
    MemoryServer server = world.server();
    for (RelaySlot slot : slots) {
      MemoryLockSession session = slot.process().lockSession();
      for (Destination destination : server.destinations().values()) {
        long epoch = server.report(destination.name()).epoch;
        if (session == null || server.locks().owner(destination.doorbell()) != session) {
          continue;
        }
        boolean raised = epochs.computeIfAbsent(session, s -> epoch) != epoch;
        if (!raised && strikes < MOST_STRIKES) {
          strikes++;
          world.checker().fault();
          trace("ends the sessions of " + slot + ", which may be taking " + destination.name());
          slot.process().endSessions();
          return;
        }
      }
    }
  }

  /** Cut off twice: a statement comes to the server in between, and its answer after the lease. */
  void lapse() {
    RelaySlot slot = chance.of(slots);
    long now = world.timeline().now();
    long first = slot.silenceNanos() / 2;
    long second = slot.silenceNanos() + chance.nanosBetween(-1200, 300) * Timeline.MILLI;
    trace("cuts " + slot + " off twice");
    slot.host().cutOffUntil(now + first);
    last(second, () -> {});
    world.timeline().in(first - Timeline.MILLI, () -> slot.host().cutOffUntil(now + second));
  }

  void strikeServer() {
    MemoryServer server = world.server();
    if (server.isDown()) {
      return;
    }
    int lost = chance.is(0.5) ? chance.between(0, server.unflushed()) : 0;
    trace("kills the server; of " + server.unflushed() + " changes " + lost + " are lost");
    server.crash(lost);
    last(chance.nanosBetween(10 * Timeline.MILLI, 2 * Timeline.SECOND), server::restart);
  }

  void strikeReceiver() {
    Receiver receiver = chance.of(List.copyOf(world.receivers().values()));
    long nanos = chance.nanosBetween(10 * Timeline.MILLI, 1500 * Timeline.MILLI);
    switch (chance.between(0, 4)) {
      case 0 -> {
        trace(receiver + " refuses connections");
        receiver.refuseFor(nanos);
        receiver.cutAll(true);
      }
      case 1 -> {
        trace(receiver + " hangs");
        receiver.hangFor(nanos);
        receiver.cutAll(chance.nextBoolean());
      }
      case 2 -> {
        trace(receiver + " is silent");
        receiver.keepSilentFor(nanos);
      }
      case 3 -> {
        trace("the connections of " + receiver + " are half open");
        receiver.cutAll(false);
      }
      default -> {
        trace("the connections of " + receiver + " break");
        receiver.cutAll(true);
      }
    }
  }
}
