// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.sink.Transport;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches whether the threads that serve receivers' connections run: one task on each, and the next
 * when all have run. One that stands still keeps every destination of it still, and tells nobody.
 */
final class LoopWatch implements RelayEvents {
  /** A thread that has not run a task for so long stands still. */
  private static final Duration RUN_WITHIN = Duration.ofSeconds(5);

  private final Transport transport;
  private final LongSupplier clock;
  private volatile @Nullable CompletableFuture<?> pulse;
  private volatile long askedNanos;

  LoopWatch(Transport transport, LongSupplier clock) {
    this.transport = transport;
    this.clock = clock;
  }

  @Override
  public void alive() {
    CompletableFuture<?> asked = pulse;
    if (asked == null || asked.isDone()) {
      askedNanos = clock.getAsLong();
      pulse = transport.pulse();
    }
  }

  /** Empty when they run, else what stands still. */
  Optional<String> whyNot() {
    CompletableFuture<?> asked = pulse;
    long quietNanos = clock.getAsLong() - askedNanos;
    return asked == null || asked.isDone() || quietNanos < RUN_WITHIN.toNanos()
        ? Optional.empty()
        : Optional.of(
            "a thread that serves receivers' connections has not run for "
                + quietNanos / 1_000_000_000L
                + " s");
  }
}
