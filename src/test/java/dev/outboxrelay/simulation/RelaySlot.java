// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.relay.RelayConfig;

/** A relay that is started again whenever its process has ended. */
final class RelaySlot {
  private final World world;
  private final String name;
  private final RelayConfig config;
  private final Chance chance;
  private int starts;
  private RelayProcess process;
  private boolean ended;

  RelaySlot(World world, String name, RelayConfig config) {
    this.world = world;
    this.name = name;
    this.config = config;
    chance = world.chance().split();
    process = make();
  }

  private RelayProcess make() {
    starts++;
    return new RelayProcess(world, new Host(name + "#" + starts), config);
  }

  RelayProcess process() {
    return process;
  }

  Host host() {
    return process.host();
  }

  long silenceNanos() {
    return process.silenceNanos();
  }

  void startWithin(long nanos) {
    world.timeline().in(chance.nanosBetween(0, nanos), process::start);
  }

  void kill(boolean silently) {
    if (ended) {
      return;
    }
    ended = true;
    process.kill(silently);
    Host dead = process.host();
    world
        .timeline()
        .in(
            world.weather().latency(),
            () -> world.receivers().values().forEach(receiver -> receiver.cutThoseOf(dead)));
    again();
  }

  void stop() {
    if (ended) {
      return;
    }
    ended = true;
    process.stop(
        () -> {
          world.trace().add(name, "has ended");
          process.host().die();
          again();
        });
    // Whoever asked for the end loses patience.
    RelayProcess asked = process;
    world
        .timeline()
        .in(
            config.stopTimeout().toNanos() + 2 * Timeline.SECOND,
            () -> {
              if (ended && process == asked && asked.host().isAlive()) {
                asked.kill(false);
                again();
              }
            });
  }

  private void again() {
    world
        .timeline()
        .in(
            chance.nanosBetween(10 * Timeline.MILLI, 1500 * Timeline.MILLI),
            () -> {
              if (ended) {
                ended = false;
                process = make();
                process.start();
              }
            });
  }

  @Override
  public String toString() {
    return name;
  }
}
