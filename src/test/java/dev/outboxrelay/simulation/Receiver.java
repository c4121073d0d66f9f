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
  }

  void heal() {
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
