// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Whoever gets the messages of one destination, and does to them as its script says. */
final class Receiver {

  /**
   * What it does, of each message.
   *
   * @param refusing how many it refuses
   * @param finally how many of these for good
   * @param losing how many it accepts without an answer that arrives
   * @param garbling how many it answers with garbage, which ends the connection
   * @param closing after how many it closes the connection
   * @param poison every so many-th id kills the connection, 0 for none
   * @param slowest how long an answer takes at most
   */
  record Script(
      double refusing,
      double finally_,
      double losing,
      double garbling,
      double closing,
      int poison,
      long slowest) {
    static final Script GOOD = new Script(0, 0, 0, 0, 0, 0, Timeline.MILLI);
  }

  private final World world;
  private final String name;
  private final Chance chance;

  /** How it puts off; apart, so that other scenarios stay what they are. */
  private final Chance manners;

  private double deferring;
  private double pausing;
  private final Set<ScriptedConnection> connections = new LinkedHashSet<>();
  private Script script;
  private long refusingUntil;
  private long hangingUntil;
  private long silentUntil;

  Receiver(World world, String name, Script script) {
    this.world = world;
    this.name = name;
    this.script = script;
    chance = world.chance().split();
    manners = new Chance(world.seed() * 31 + name.hashCode());
    if (manners.is(0.1)) {
      deferring = manners.of(0.02, 0.2, 0.6);
      pausing = manners.of(0.0, 0.0, 0.05);
    }
  }

  void putAllOff() {
    deferring = 1;
  }

  void heal() {
    deferring = 0;
    pausing = 0;
    script = Script.GOOD;
    refusingUntil = 0;
    hangingUntil = 0;
    silentUntil = 0;
  }

  void refuseFor(long nanos) {
    refusingUntil = world.timeline().now() + nanos;
  }

  void hangFor(long nanos) {
    hangingUntil = world.timeline().now() + nanos;
  }

  void keepSilentFor(long nanos) {
    silentUntil = world.timeline().now() + nanos;
  }

  boolean isRefusing() {
    return world.timeline().now() < refusingUntil;
  }

  boolean isHanging() {
    return world.timeline().now() < hangingUntil;
  }

  void accepted(ScriptedConnection connection) {
    connections.add(connection);
  }

  void lost(ScriptedConnection connection) {
    connections.remove(connection);
  }

  void cutAll(boolean told) {
    List.copyOf(connections).forEach(connection -> connection.cut(told));
  }

  /** A process has died: its connections end. */
  void cutThoseOf(Host host) {
    for (ScriptedConnection connection : List.copyOf(connections)) {
      if (connection.host() == host) {
        connection.cut(false);
      }
    }
  }

  void receive(ScriptedConnection connection, Message message, long sentNanos) {
    world.checker().arrived(connection, message, sentNanos);
    if (world.trace().isKept()) {
      world.trace().add(name, "receives " + message.id() + " from " + connection.host());
    }
    world.trace().note(message.id());
    if (world.timeline().now() < silentUntil) {
      return;
    }
    if (script.poison() > 0 && message.id() % script.poison() == 1) {
      world.trace().add(name, "dies of " + message.id());
      connection.cut(true);
      return;
    }
    if (deferring > 0 && manners.is(deferring)) {
      Duration after = manners.is(0.5) ? Duration.ofMillis(manners.between(0, 300)) : null;
      connection.answer(new Answer.Deferred(message.id(), message.stamp(), "not now", after));
      return;
    }
    if (pausing > 0 && manners.is(pausing)) {
      connection.answer(new Answer.Paused(message.id(), message.stamp(), "not before you look"));
      return;
    }
    if (chance.is(script.refusing())) {
      boolean retry = !chance.is(script.finally_());
      Duration after = chance.is(0.3) ? Duration.ofMillis(chance.between(0, 300)) : null;
      later(connection, new Answer.Nacked(message.id(), message.stamp(), "no", retry, after));
      return;
    }
    world.checker().accepted(message.id());
    if (chance.is(script.losing())) {
      return;
    }
    if (chance.is(script.garbling())) {
      connection.closedByReceiver(true);
      return;
    }
    later(connection, new Answer.Acked(message.id(), message.stamp()));
    if (chance.is(script.closing())) {
      connection.closedByReceiver(false);
    }
  }

  private void later(ScriptedConnection connection, Answer answer) {
    world.timeline().in(chance.nanosBetween(0, script.slowest()), () -> connection.answer(answer));
  }

  @Override
  public String toString() {
    return name;
  }
}
