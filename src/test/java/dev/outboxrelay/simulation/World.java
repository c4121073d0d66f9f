// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.util.LinkedHashMap;
import java.util.Map;

/** What everybody in a scenario shares. */
final class World {
  private final long seed;
  private final Chance chance;
  private final Timeline timeline;
  private final Trace trace;
  private final Checker checker;
  private final MemoryServer server;
  private final Weather weather;
  private final Map<String, Receiver> receivers = new LinkedHashMap<>();
  private final boolean silentWriters;
  private long largestMessageBytes;
  private int expiringEvery;

  World(
      long seed,
      Chance chance,
      boolean traced,
      double failing,
      double slow,
      boolean silentWriters) {
    this.seed = seed;
    this.chance = chance;
    this.silentWriters = silentWriters;
    timeline = new Timeline(chance.split());
    trace = new Trace(timeline, traced);
    checker = new Checker(this);
    server = new MemoryServer(timeline::now);
    server.whenCompleted(checker::completed);
    server.whenSetBack(checker::touched);
    weather = new Weather(chance.split(), failing, slow);
  }

  long seed() {
    return seed;
  }

  Chance chance() {
    return chance;
  }

  Timeline timeline() {
    return timeline;
  }

  Trace trace() {
    return trace;
  }

  Checker checker() {
    return checker;
  }

  MemoryServer server() {
    return server;
  }

  Weather weather() {
    return weather;
  }

  /** Some do not ring, so that a sweep has to find what they wrote. */
  boolean hasSilentWriters() {
    return silentWriters;
  }

  /**
   * @param bytes of a message in memory, at most
   */
  void writesUpTo(long bytes) {
    largestMessageBytes = bytes;
  }

  /** Each so many-th message expires soon; 0: none does. */
  void expireEvery(int messages) {
    expiringEvery = messages;
  }

  boolean expires(long id) {
    return expiringEvery > 0 && id % expiringEvery == 0;
  }

  long largestMessageBytes() {
    return largestMessageBytes;
  }

  void put(String destination, Receiver receiver) {
    receivers.put(destination, receiver);
  }

  Receiver receiver(String destination) {
    Receiver receiver = receivers.get(destination);
    if (receiver == null) {
      throw new IllegalStateException("no receiver for " + destination);
    }
    return receiver;
  }

  Map<String, Receiver> receivers() {
    return receivers;
  }
}
