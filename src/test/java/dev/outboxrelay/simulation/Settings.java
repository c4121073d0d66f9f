// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Brakes;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import dev.outboxrelay.values.Gate;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Settings of destinations. */
final class Settings {
  private Settings() {}

  static Destination of(
      int id,
      int doorbell,
      Ordering ordering,
      OnFailure onFailure,
      int maxAttempts,
      int retryInitialMillis,
      int ackTimeoutMillis,
      int maxInFlight,
      @Nullable Duration keepDelivered) {
    return new Destination(
        id,
        "d" + id,
        doorbell,
        "tcp://receiver:1",
        Format.PAYLOAD,
        Framing.NDJSON,
        Ack.LINE,
        ordering,
        maxAttempts,
        Duration.ofMillis(retryInitialMillis),
        Duration.ofMillis(1000),
        Duration.ofMillis(ackTimeoutMillis),
        Duration.ofMillis(500),
        maxInFlight,
        onFailure,
        keepDelivered,
        Brakes.NONE,
        false,
        "{}");
  }

  private static Destination copy(
      Destination d, Ordering ordering, OnFailure onFailure, int maxInFlight, boolean paused) {
    return copy(d, ordering, onFailure, maxInFlight, d.brakes(), paused);
  }

  private static Destination copy(
      Destination d,
      Ordering ordering,
      OnFailure onFailure,
      int maxInFlight,
      Brakes brakes,
      boolean paused) {
    return new Destination(
        d.id(),
        d.name(),
        d.doorbell(),
        d.uri(),
        d.format(),
        d.framing(),
        d.ack(),
        ordering,
        d.maxAttempts(),
        d.retryInitial(),
        d.retryMax(),
        d.ackTimeout(),
        d.connectTimeout(),
        maxInFlight,
        onFailure,
        d.keepDelivered(),
        brakes,
        paused,
        d.options());
  }

  static Destination named(String name, Destination d) {
    return new Destination(
        d.id(),
        name,
        d.doorbell(),
        d.uri(),
        d.format(),
        d.framing(),
        d.ack(),
        d.ordering(),
        d.maxAttempts(),
        d.retryInitial(),
        d.retryMax(),
        d.ackTimeout(),
        d.connectTimeout(),
        d.maxInFlight(),
        d.onFailure(),
        d.keepDelivered(),
        d.brakes(),
        d.paused(),
        d.options());
  }

  static Destination braked(Destination d, Brakes brakes) {
    return copy(d, d.ordering(), d.onFailure(), d.maxInFlight(), brakes, d.paused());
  }

  static Destination holding(Destination d, Set<Gate> keys) {
    return braked(d, new Brakes(d.brakes().failureBudget(), d.brakes().maxRate(), keys));
  }

  static Destination paused(Destination d, boolean paused) {
    return copy(d, d.ordering(), d.onFailure(), d.maxInFlight(), paused);
  }

  static Destination ordered(Destination d, Ordering ordering) {
    return copy(d, ordering, d.onFailure(), d.maxInFlight(), d.paused());
  }

  static Destination onFailure(Destination d, OnFailure onFailure) {
    return copy(d, d.ordering(), onFailure, d.maxInFlight(), d.paused());
  }

  static Destination inFlight(Destination d, int maxInFlight) {
    return copy(d, d.ordering(), d.onFailure(), maxInFlight, d.paused());
  }
}
