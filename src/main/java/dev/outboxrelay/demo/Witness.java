// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.values.WireId;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Hears what the relay does: when it delivers for the demo's destination, and what it repeats. */
final class Witness implements RelayEvents {
  private final CountDownLatch owned = new CountDownLatch(1);
  private final AtomicLong retried = new AtomicLong();

  @Override
  public void owned(String destination, long epoch) {
    owned.countDown();
  }

  @Override
  public void retried(
      String destination, WireId id, int attempts, long delayMillis, String reason) {
    retried.incrementAndGet();
  }

  /** Waits until the relay has taken the destination over; returns in any case after the limit. */
  boolean awaitOwned(Duration limit) throws InterruptedException {
    return owned.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Attempts that were refused and are made again. */
  long retried() {
    return retried.get();
  }
}
