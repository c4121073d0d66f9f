// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.events.Wake;
import dev.outboxrelay.store.PoolUse;
import dev.outboxrelay.values.WireId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Counts a relay. Events come one after the other on several threads, and a scrape reads from
 * another: what it reads is atomic.
 */
final class RelayMetrics implements RelayEvents {
  private static final String PREFIX = "outbox.relay.";

  private final MeterRegistry registry;
  private final AtomicLong connected;
  private final AtomicLong copied;
  private final AtomicLong poolLent;
  private final AtomicLong poolIdle;
  private final AtomicLong poolWaiting;
  private final Counter databaseLosses;
  private final Counter failedStatements;
  private final Counter reads;
  private final Counter messagesRead;
  private final Counter completed;
  private final Counter completedMissing;
  private final Counter sleeps;
  private final Counter selfTests;
  private final Map<Wake, Counter> wakes = new EnumMap<>(Wake.class);
  private final Map<String, DestinationMeters> destinations = new HashMap<>();

  /** The destinations that there are, once that is known. */
  private @Nullable Set<String> known;

  /** What is counted of a destination that is gone. */
  private final DestinationMeters ofNone = new DestinationMeters(new SimpleMeterRegistry(), "");

  RelayMetrics(MeterRegistry registry) {
    this.registry = registry;
    connected = gauge("connected", "1 while the relay has its database sessions");
    copied = gauge("copied", "1 while nothing is sent because the database is a copy");
    poolLent = gauge("pool.lent", "database sessions of the pool on which a statement runs");
    poolIdle = gauge("pool.idle", "database sessions of the pool that nobody uses");
    poolWaiting = gauge("pool.waiting", "statements that wait for a session of the pool");
    databaseLosses = counter("database.losses", "lost database sessions");
    failedStatements = counter("statements.failed", "statements that failed");
    reads = counter("reads", "reads of the queue");
    messagesRead = counter("messages.read", "messages that reads brought");
    completed = counter("messages.completed", "delivered messages that the relay removed");
    completedMissing =
        counter("messages.completed.missing", "delivered messages that somebody else had removed");
    sleeps = counter("sleeps", "times that the relay went to sleep until the next bell");
    selfTests = counter("self.tests.heard", "bells of its own that the listening session heard");
    for (Wake cause : Wake.values()) {
      wakes.put(
          cause,
          Counter.builder(PREFIX + "wakes")
              .description("times that something made the relay read the queue")
              .tag("cause", cause.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    FunctionCounter.builder(
            PREFIX + "log.lines.dropped", this, metrics -> StandardError.droppedLines())
        .description("lines of the log that nobody read in time")
        .register(registry);
  }

  /** Shows whether the relay is ready, and since when its bell was heard. */
  void show(Readiness readiness, Health health) {
    Gauge.builder(PREFIX + "ready", health, h -> h.whyNot().isEmpty() ? 1 : 0)
        .description("1 while the relay could deliver")
        .register(registry);
    Gauge.builder(PREFIX + "self.test.age.seconds", readiness, Readiness::secondsSinceBell)
        .description("since when the listening session has not heard its own bell")
        .register(registry);
  }

  private AtomicLong gauge(String name, String help) {
    AtomicLong value = new AtomicLong();
    Gauge.builder(PREFIX + name, value, AtomicLong::get).description(help).register(registry);
    return value;
  }

  private Counter counter(String name, String help) {
    return Counter.builder(PREFIX + name).description(help).register(registry);
  }

  @Override
  public void connected() {
    connected.set(1);
  }

  @Override
  public void databaseLost(String reason, long retryInMillis) {
    connected.set(0);
    copied.set(0);
    poolLent.set(0);
    poolIdle.set(0);
    poolWaiting.set(0);
    databaseLosses.increment();
  }

  /** What a destination that is gone had counted goes with it, or the meters would only grow. */
  @Override
  public void destinations(Set<String> names) {
    known = names;
    for (String name : List.copyOf(destinations.keySet())) {
      if (!names.contains(name)) {
        destinations.remove(name).remove();
      }
    }
    names.forEach(this::of);
  }

  @Override
  public void statementFailed(String what, String reason, long retryInMillis) {
    failedStatements.increment();
  }

  @Override
  public void copied(String finding) {
    copied.set(1);
  }

  @Override
  public void adopted() {
    copied.set(0);
  }

  @Override
  public void owned(String destination, long epoch) {
    of(destination).owned.set(1);
    of(destination).epoch.set(epoch);
  }

  @Override
  public void released(String destination, String reason) {
    DestinationMeters meters = of(destination);
    meters.owned.set(0);
    meters.down.set(0);
    meters.stalled.set(0);
    meters.inFlight.set(0);
    meters.heldKeys.set(0);
  }

  @Override
  public void up(String destination) {
    of(destination).down.set(0);
  }

  @Override
  public void down(String destination, String reason, long probeInMillis) {
    of(destination).down.set(1);
  }

  @Override
  public void stalled(String destination, long quietMillis) {
    of(destination).stalled.set(1);
  }

  @Override
  public void moving(String destination) {
    of(destination).stalled.set(0);
  }

  @Override
  public void connectionLost(String destination, String reason, int inFlight) {
    of(destination).connectionsLost.increment();
  }

  @Override
  public void rung(String destination, int times) {
    of(destination).rings.increment(times);
  }

  @Override
  public void woken(Wake cause) {
    wakes.get(cause).increment();
  }

  @Override
  public void heardOwnBell() {
    selfTests.increment();
  }

  @Override
  public void pool(PoolUse use) {
    poolLent.set(use.lent());
    poolIdle.set(use.idle());
    poolWaiting.set(use.waiting());
  }

  @Override
  public void standing(String destination, int inFlight, int heldKeys) {
    of(destination).inFlight.set(inFlight);
    of(destination).heldKeys.set(heldKeys);
  }

  @Override
  public void read(int messages) {
    reads.increment();
    messagesRead.increment(messages);
  }

  @Override
  public void sent(String destination, int messages, long bytes) {
    of(destination).sent.increment(messages);
    of(destination).sentBytes.increment(bytes);
  }

  @Override
  public void acknowledged(String destination, int messages) {
    of(destination).acknowledged.increment(messages);
  }

  /** By this machine's clock and the database's; what they differ by is in it. */
  @Override
  public void delivered(String destination, WireId id, long sentForNanos) {
    DestinationMeters meters = of(destination);
    meters.sendToAck.record(Math.max(0, sentForNanos), TimeUnit.NANOSECONDS);
    if (id.stamp() > 0) {
      Instant now = Instant.now();
      long nowMicros = now.getEpochSecond() * 1_000_000L + now.getNano() / 1_000L;
      meters.commitToAck.record(Math.max(0, nowMicros - id.stamp()), TimeUnit.MICROSECONDS);
    }
  }

  @Override
  public void completed(int messages, int missing) {
    completed.increment(messages);
    completedMissing.increment(missing);
  }

  @Override
  public void retried(
      String destination, WireId id, int attempts, long delayMillis, String reason) {
    of(destination).retried.increment();
  }

  @Override
  public void failed(String destination, WireId id, int attempts, String reason) {
    of(destination).failed.increment();
  }

  @Override
  public void expired(String destination, WireId id) {
    of(destination).outdated.increment();
  }

  @Override
  public void held(String destination, int messages) {
    of(destination).held.increment(messages);
  }

  @Override
  public void missed(String destination, int messages) {
    of(destination).missed.increment(messages);
  }

  @Override
  public void passedOver(String destination, int messages) {
    of(destination).missed.increment(messages);
  }

  @Override
  public void asleep() {
    sleeps.increment();
  }

  /** What is told of a destination after it was deleted must not bring its meters back. */
  private DestinationMeters of(String destination) {
    if (known != null && !known.contains(destination)) {
      return ofNone;
    }
    return destinations.computeIfAbsent(destination, name -> new DestinationMeters(registry, name));
  }
}
