// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.store.Owed;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;

/** What the database holds, while this relay is the one that tells it. Used on one thread. */
final class OwedMeters {
  private final MeterRegistry registry;
  private final AtomicLong observer = new AtomicLong();
  private final Map<String, OfDestination> destinations = new HashMap<>();

  OwedMeters(MeterRegistry registry) {
    this.registry = registry;
    Gauge.builder("outbox.relay.observer", observer, AtomicLong::get)
        .description("1 on the relay that tells what the database holds")
        .register(registry);
  }

  /** Shows what was seen; nothing when another relay does. */
  void show(Optional<List<Owed>> seen) {
    observer.set(seen.isPresent() ? 1 : 0);
    Map<String, Owed> now = new HashMap<>();
    seen.ifPresent(all -> all.forEach(owed -> now.put(owed.destination(), owed)));
    for (String name : List.copyOf(destinations.keySet())) {
      if (!now.containsKey(name)) {
        destinations.remove(name).remove();
      }
    }
    now.forEach(
        (name, owed) ->
            destinations.computeIfAbsent(name, n -> new OfDestination(owed)).owed = owed);
  }

  private final class OfDestination {
    volatile Owed owed;
    private final List<Meter> meters = new ArrayList<>();

    OfDestination(Owed owed) {
      this.owed = owed;
      gauge("owed", "messages that are owed; beyond 10,000 an estimate", Owed::messages);
      gauge("owed.bytes", "bytes of the stored rows that are owed", Owed::bytes);
      gauge(
          "oldest.owed.seconds", "age of the first message that may be sent", Owed::oldestSeconds);
      gauge("waiting", "messages that wait behind a refused one of their key", Owed::held);
      gauge("set.aside", "messages that were set aside, so are not owed", Owed::failed);
      gauge("set.aside.bytes", "bytes of the stored rows that were set aside", Owed::failedBytes);
      gauge(
          "max.owed.bytes",
          "limit of what is owed and set aside together; NaN when there is none",
          seen -> seen.maxBytes() > 0 ? seen.maxBytes() : Double.NaN);
      count("expired", "messages set aside, since they were too old to be sent", Owed::expired);
      count(
          "expired.set.aside",
          "messages given up, since they were set aside for too long",
          Owed::expiredFailed);
      gauge(
          "paused.by.relay",
          "1 while a relay has paused it, and a person is to look",
          seen -> seen.pausedByRelay() ? 1 : 0);
      gauge("paused", "1 while it is paused", seen -> seen.paused() ? 1 : 0);
    }

    private void gauge(String name, String help, ToDoubleFunction<Owed> value) {
      meters.add(
          Gauge.builder(
                  "outbox.relay.destination." + name, this, it -> value.applyAsDouble(it.owed))
              .description(help)
              .tags(Tags.of("destination", owed.destination()))
              .register(registry));
    }

    private void count(String name, String help, ToDoubleFunction<Owed> value) {
      meters.add(
          FunctionCounter.builder(
                  "outbox.relay.destination." + name, this, it -> value.applyAsDouble(it.owed))
              .description(help)
              .tags(Tags.of("destination", owed.destination()))
              .register(registry));
    }

    void remove() {
      meters.forEach(registry::remove);
    }
  }
}
