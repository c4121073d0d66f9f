// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.relay.RelayEvents;
import dev.outboxrelay.values.WireId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts a relay. Events come one after the other on several threads, and a scrape reads from
 * another: what it reads is atomic.
 */
final class RelayMetrics implements RelayEvents {
  private static final String PREFIX = "outbox.relay.";

  /** A statement that fails for longer makes the relay unready. */
  private static final Duration FAILING_LONG = Duration.ofSeconds(10);

  /** A core that has not run for so long does not. */
  private static final Duration ALIVE_WITHIN = Duration.ofSeconds(5);

  private final MeterRegistry registry;
  private final LongSupplier clock;
  private final AtomicLong connected;
  private final AtomicLong copied;
  private final Counter databaseLosses;
  private final Counter failedStatements;
  private final Counter reads;
  private final Counter messagesRead;
  private final Counter completed;
  private final Counter completedMissing;
  private final Counter sleeps;
  private final Map<String, OfDestination> destinations = new HashMap<>();

  /** Since when a statement fails, by what it is for. */
  private final Map<String, Failing> failing = new ConcurrentHashMap<>();

  private volatile long aliveNanos;
  private volatile @Nullable String whyNotReady = "not connected to the database yet";

  private record Failing(String reason, long sinceNanos) {}

  RelayMetrics(MeterRegistry registry) {
    this(registry, System::nanoTime);
  }

  RelayMetrics(MeterRegistry registry, LongSupplier clock) {
    this.registry = registry;
    this.clock = clock;
    aliveNanos = clock.getAsLong();
    connected = registry.gauge(PREFIX + "connected", new AtomicLong());
    copied = registry.gauge(PREFIX + "copied", new AtomicLong());
    databaseLosses = registry.counter(PREFIX + "database.losses");
    failedStatements = registry.counter(PREFIX + "statements.failed");
    reads = registry.counter(PREFIX + "reads");
    messagesRead = registry.counter(PREFIX + "messages.read");
    completed = registry.counter(PREFIX + "messages.completed");
    completedMissing = registry.counter(PREFIX + "messages.completed.missing");
    sleeps = registry.counter(PREFIX + "sleeps");
    FunctionCounter.builder(
            PREFIX + "log.lines.dropped", this, metrics -> StandardError.droppedLines())
        .register(registry);
  }

  /** Empty when the relay works, else what it lacks; from any thread. */
  Optional<String> whyNotReady() {
    String reason = whyNotReady;
    if (reason != null) {
      return Optional.of(reason);
    }
    long quietNanos = clock.getAsLong() - aliveNanos;
    if (quietNanos >= ALIVE_WITHIN.toNanos()) {
      return Optional.of("the relay's core has not run for " + quietNanos / 1_000_000_000L + " s");
    }
    return whatFails();
  }

  private Optional<String> whatFails() {
    long now = clock.getAsLong();
    return failing.entrySet().stream()
        .filter(entry -> now - entry.getValue().sinceNanos() > FAILING_LONG.toNanos())
        .map(entry -> entry.getKey() + " fails again and again: " + entry.getValue().reason())
        .findFirst();
  }

  /** The database cannot be used yet. */
  void waits(String reason) {
    whyNotReady = "not connected to the database yet: " + reason;
  }

  @Override
  public void connected() {
    aliveNanos = clock.getAsLong();
    whyNotReady = null;
    connected.set(1);
  }

  @Override
  public void databaseLost(String reason, long retryInMillis) {
    whyNotReady = "the database is lost: " + reason;
    connected.set(0);
    copied.set(0);
    databaseLosses.increment();
    failing.clear();
  }

  @Override
  public void statementSucceeded(String what) {
    failing.remove(what);
  }

  /** What a destination that is gone had counted goes with it, or the meters would only grow. */
  @Override
  public void destinations(Set<String> names) {
    for (String name : List.copyOf(destinations.keySet())) {
      if (!names.contains(name)) {
        destinations.remove(name).remove(registry);
      }
    }
  }

  @Override
  public void statementFailed(String what, String reason, long retryInMillis) {
    failedStatements.increment();
    failing.compute(
        what, (w, old) -> new Failing(reason, old == null ? clock.getAsLong() : old.sinceNanos()));
  }

  @Override
  public void copied(String finding) {
    whyNotReady = finding + "; " + RelayLog.WHAT_A_COPY_WAITS_FOR;
    copied.set(1);
  }

  @Override
  public void adopted() {
    whyNotReady = null;
    copied.set(0);
  }

  @Override
  public void owned(String destination, long epoch) {
    of(destination).owned.set(1);
    of(destination).epoch.set(epoch);
  }

  @Override
  public void released(String destination, String reason) {
    of(destination).owned.set(0);
    of(destination).down.set(0);
    of(destination).stalled.set(0);
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
  public void alive() {
    aliveNanos = clock.getAsLong();
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

  private OfDestination of(String destination) {
    return destinations.computeIfAbsent(destination, name -> new OfDestination(registry, name));
  }

  /**
   * The meters of one destination; they stay when it is released, since counters must not fall,
   * until it is deleted.
   */
  private static final class OfDestination {
    final AtomicLong owned;
    final AtomicLong epoch;
    final AtomicLong down;
    final AtomicLong stalled;
    final Counter connectionsLost;
    final Counter rings;
    final Counter sent;
    final Counter sentBytes;
    final Counter acknowledged;
    final Counter retried;
    final Counter failed;
    final Counter held;
    final Counter missed;
    private final List<Meter> meters = new ArrayList<>();

    OfDestination(MeterRegistry registry, String name) {
      Tags tags = Tags.of("destination", name);
      String prefix = PREFIX + "destination.";
      owned = gauge(registry, prefix + "owned", tags);
      epoch = gauge(registry, prefix + "epoch", tags);
      down = gauge(registry, prefix + "down", tags);
      stalled = gauge(registry, prefix + "stalled", tags);
      connectionsLost = counter(registry, prefix + "connections.lost", tags);
      rings = counter(registry, prefix + "rings", tags);
      sent = counter(registry, prefix + "sent", tags);
      sentBytes = counter(registry, prefix + "sent.bytes", tags);
      acknowledged = counter(registry, prefix + "acknowledged", tags);
      retried = counter(registry, prefix + "retried", tags);
      failed = counter(registry, prefix + "failed", tags);
      held = counter(registry, prefix + "held", tags);
      missed = counter(registry, prefix + "missed", tags);
    }

    private AtomicLong gauge(MeterRegistry registry, String name, Tags tags) {
      AtomicLong value = new AtomicLong();
      meters.add(Gauge.builder(name, value, AtomicLong::get).tags(tags).register(registry));
      return value;
    }

    private Counter counter(MeterRegistry registry, String name, Tags tags) {
      Counter counter = registry.counter(name, tags);
      meters.add(counter);
      return counter;
    }

    void remove(MeterRegistry registry) {
      meters.forEach(registry::remove);
    }
  }
}
