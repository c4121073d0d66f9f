// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The meters of one destination; they stay when it is released, since counters must not fall, until
 * it is deleted.
 */
final class DestinationMeters {
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(20),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(200),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(2),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofMinutes(1),
    Duration.ofMinutes(5),
    Duration.ofHours(1)
  };

  final AtomicLong owned;
  final AtomicLong epoch;
  final AtomicLong down;
  final AtomicLong stalled;
  final AtomicLong inFlight;
  final AtomicLong heldKeys;
  final Counter connectionsLost;
  final Counter rings;
  final Counter sent;
  final Counter sentBytes;
  final Counter acknowledged;
  final Counter retried;
  final Counter failed;
  final Counter outdated;
  final Counter held;
  final Counter missed;
  final Timer commitToAck;
  final Timer sendToAck;
  private final MeterRegistry registry;
  private final Tags tags;
  private final List<Meter> meters = new ArrayList<>();

  DestinationMeters(MeterRegistry registry, String name) {
    this.registry = registry;
    tags = Tags.of("destination", name);
    owned = gauge("owned", "1 on the relay that delivers to it");
    epoch = gauge("epoch", "epoch of the last takeover by this relay");
    down = gauge("down", "1 while it cannot be reached");
    stalled = gauge("stalled", "1 while messages are owed and nothing moves");
    inFlight = gauge("in.flight", "messages that are sent and not answered");
    heldKeys = gauge("held.keys", "keys whose messages wait behind a refused one");
    connectionsLost =
        counter("connections.lost", "connections that ended otherwise than by intent");
    rings = counter("rings", "bells that were heard for it");
    sent = counter("sent", "messages sent, each attempt counted");
    sentBytes = counter("sent.bytes", "bytes of messages sent");
    acknowledged = counter("acknowledged", "messages that the receiver acknowledged");
    retried = counter("retried", "attempts that were refused or not answered in time");
    failed = counter("failed", "messages that were set aside");
    outdated = counter("outdated", "messages set aside, since they were not sent before expire_at");
    held = counter("held", "messages that had to wait behind a refused one of their key");
    missed = counter("missed", "messages that only the sweep found");
    commitToAck = timer("commit.to.ack", "from the write of the change to its acknowledgement");
    sendToAck = timer("send.to.ack", "from the sending of a message to its acknowledgement");
  }

  private static String named(String name) {
    return "outbox.relay.destination." + name;
  }

  private AtomicLong gauge(String name, String help) {
    AtomicLong value = new AtomicLong();
    meters.add(
        Gauge.builder(named(name), value, AtomicLong::get)
            .description(help)
            .tags(tags)
            .register(registry));
    return value;
  }

  private Counter counter(String name, String help) {
    Counter counter = Counter.builder(named(name)).description(help).tags(tags).register(registry);
    meters.add(counter);
    return counter;
  }

  private Timer timer(String name, String help) {
    Timer timer =
        Timer.builder(named(name))
            .description(help)
            .tags(tags)
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
    meters.add(timer);
    return timer;
  }

  void remove() {
    meters.forEach(registry::remove);
  }
}
