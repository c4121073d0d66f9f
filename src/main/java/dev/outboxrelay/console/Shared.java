// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An answer that is asked for once and given to all who ask within some seconds, for what costs the
 * database something and changes little. Safe for threads: who asks meanwhile waits for the same.
 */
final class Shared<T> {
  private static final Duration FRESH = Duration.ofSeconds(5);

  private final Supplier<T> source;
  private @Nullable T answer;
  private long atNanos;

  Shared(Supplier<T> source) {
    this.source = source;
  }

  /** What is known has changed: the next who asks has it asked for. */
  synchronized void forget() {
    answer = null;
  }

  synchronized T get() {
    T known = answer;
    if (known == null || System.nanoTime() - atNanos > FRESH.toNanos()) {
      known = source.get();
      answer = known;
      atNanos = System.nanoTime();
    }
    return known;
  }
}
