// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import dev.outboxrelay.relay.loop.Backoff;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.values.Destination;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The rest of a destination that takes no more at the moment: as long as it has asked for, or by
 * its backoff. What it says while it rests does not count again; a longer rest that it asks for
 * holds. Lives on the core.
 */
final class Slowdown {
  /** Whatever was asked for: a receiver that has erred is heard again after so long. */
  private static final long MAX_MILLIS = Duration.ofHours(1).toMillis();

  /** A rest that a person should hear of. */
  private static final long LONG_MILLIS = 10_000;

  private final Backoff backoff;
  private final Scheduler loop;
  private final Runnable onEnd;

  /** Rests since the last delivery. */
  private int rests;

  private long millis;
  private long endNanos;
  private Scheduler.@Nullable Timer timer;

  Slowdown(Destination destination, Scheduler loop, Runnable onEnd) {
    backoff = new Backoff(destination.retryInitial(), destination.retryMax());
    this.loop = loop;
    this.onEnd = onEnd;
  }

  boolean isOn() {
    return timer != null;
  }

  /** It rests for long, or has rested before and taken nothing since. */
  boolean isLasting() {
    return rests > 1 || millis > LONG_MILLIS;
  }

  /** How long the rest was to last when it began. */
  long millis() {
    return millis;
  }

  /**
   * Rests.
   *
   * @param asked how long; null: by the backoff
   */
  void begin(@Nullable Duration asked) {
    boolean on = isOn();
    if (!on) {
      rests++;
    } else if (asked == null) {
      return;
    }
    long asks =
        asked == null
            ? backoff.delayMillis(rests, loop.random())
            : Math.max(1, Math.min(MAX_MILLIS, asked.toMillis()));
    long nanos = loop.nanoTime() + asks * 1_000_000L;
    if (on && nanos - endNanos <= 0) {
      return;
    }
    cancel();
    millis = asks;
    endNanos = nanos;
    timer =
        loop.schedule(
            millis,
            () -> {
              timer = null;
              onEnd.run();
            });
  }

  /** Something was delivered. */
  void delivered() {
    rests = 0;
  }

  void cancel() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }
}
