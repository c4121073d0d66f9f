// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.relay.events.RelayEvents;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether this relay could deliver; a standby one too. Receivers' trouble is told beside it, and
 * never makes it unready: all relays have it. Told by the relay's threads, asked from any.
 */
final class Readiness implements RelayEvents {
  /** A statement that fails for longer makes the relay unready. */
  private static final Duration FAILING_LONG = Duration.ofSeconds(10);

  /** A core that has not run for so long does not. */
  private static final Duration ALIVE_WITHIN = Duration.ofSeconds(5);

  private final Duration bellWithin;
  private final LongSupplier clock;

  /** Since when a statement fails, by what it is for. */
  private final Map<String, Failing> failing = new ConcurrentHashMap<>();

  private final Set<String> known = new ConcurrentSkipListSet<>();
  private final Set<String> owned = new ConcurrentSkipListSet<>();

  /** Why nothing reaches a destination of ours. */
  private final Map<String, String> troubles = new ConcurrentHashMap<>();

  private volatile long aliveNanos;
  private volatile long bellNanos;
  private volatile boolean bellHeard;
  private volatile @Nullable String whyNot = "not connected to the database yet";

  private record Failing(String reason, long sinceNanos) {}

  /**
   * @param bellWithin the listening session hears a bell of its own at least so often
   */
  Readiness(Duration bellWithin) {
    this(bellWithin, System::nanoTime);
  }

  Readiness(Duration bellWithin, LongSupplier clock) {
    this.bellWithin = bellWithin;
    this.clock = clock;
    aliveNanos = clock.getAsLong();
    bellNanos = clock.getAsLong();
  }

  /** Empty when the relay could deliver, else what it lacks. */
  Optional<String> whyNot() {
    String reason = whyNot;
    if (reason != null) {
      return Optional.of(reason);
    }
    long now = clock.getAsLong();
    long quietNanos = now - aliveNanos;
    if (quietNanos >= ALIVE_WITHIN.toNanos()) {
      return Optional.of("the relay's core has not run for " + seconds(quietNanos));
    }
    if (!bellHeard) {
      return Optional.of("the listening session has not heard its bell yet");
    }
    long deafNanos = now - bellNanos;
    if (deafNanos >= bellWithin.toNanos()) {
      return Optional.of("the listening session has not heard its bell for " + seconds(deafNanos));
    }
    return failing.entrySet().stream()
        .filter(entry -> now - entry.getValue().sinceNanos() > FAILING_LONG.toNanos())
        .map(entry -> entry.getKey() + " fails again and again: " + entry.getValue().reason())
        .findFirst();
  }

  private static String seconds(long nanos) {
    return nanos / 1_000_000_000L + " s";
  }

  /** How long ago the listening session heard its own bell, in seconds. */
  double secondsSinceBell() {
    return (clock.getAsLong() - bellNanos) / 1e9;
  }

  /** What keeps messages from destinations of this relay, by their names. */
  Map<String, String> troubles() {
    return new TreeMap<>(troubles);
  }

  boolean knows(String destination) {
    return known.contains(destination);
  }

  boolean owns(String destination) {
    return owned.contains(destination);
  }

  /** The database cannot be used yet. */
  void waits(String reason) {
    whyNot = "not connected to the database yet: " + reason;
  }

  @Override
  public void connected() {
    aliveNanos = clock.getAsLong();
    whyNot = null;
  }

  @Override
  public void databaseLost(String reason, long retryInMillis) {
    whyNot = "the database is lost: " + reason;
    bellHeard = false;
    failing.clear();
    owned.clear();
    troubles.clear();
  }

  @Override
  public void statementSucceeded(String what) {
    failing.remove(what);
  }

  @Override
  public void statementFailed(String what, String reason, long retryInMillis) {
    failing.compute(
        what, (w, old) -> new Failing(reason, old == null ? clock.getAsLong() : old.sinceNanos()));
  }

  @Override
  public void copied(String finding) {
    whyNot = finding + "; " + RelayLog.WHAT_A_COPY_WAITS_FOR;
  }

  @Override
  public void adopted() {
    whyNot = null;
  }

  @Override
  public void alive() {
    aliveNanos = clock.getAsLong();
  }

  @Override
  public void heardOwnBell() {
    bellNanos = clock.getAsLong();
    bellHeard = true;
  }

  @Override
  public void destinations(Set<String> names) {
    known.addAll(names);
    known.retainAll(names);
    troubles.keySet().retainAll(names);
  }

  @Override
  public void owned(String destination, long epoch) {
    owned.add(destination);
  }

  @Override
  public void released(String destination, String reason) {
    owned.remove(destination);
    troubles.remove(destination);
  }

  @Override
  public void up(String destination) {
    troubles.remove(destination);
  }

  @Override
  public void down(String destination, String reason, long probeInMillis) {
    troubles.put(destination, "down: " + reason);
  }

  @Override
  public void stalled(String destination, long quietMillis) {
    troubles.putIfAbsent(
        destination, "stalled: nothing has moved for " + quietMillis / 1000 + " s");
  }

  @Override
  public void moving(String destination) {
    troubles.computeIfPresent(
        destination, (name, trouble) -> trouble.startsWith("stalled") ? null : trouble);
  }
}
