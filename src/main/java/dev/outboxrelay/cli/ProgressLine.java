// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Cell;
import java.time.Duration;
import java.util.function.Consumer;

/** Tells of progress now and then, with an estimate of the rest. */
final class ProgressLine {
  private static final long PAUSE_NANOS = Duration.ofSeconds(2).toNanos();

  private final Consumer<String> told;
  private final long begunNanos = System.nanoTime();
  private long lastNanos = begunNanos;

  ProgressLine(Consumer<String> told) {
    this.told = told;
  }

  /**
   * @param what the word for what was done
   * @param done what is told
   * @param gone how far it has come, of {@code all}
   */
  void at(String what, long done, long gone, long all) {
    long now = System.nanoTime();
    if (now - lastNanos < PAUSE_NANOS || gone == 0) {
      return;
    }
    lastNanos = now;
    double left = (double) (now - begunNanos) / gone * Math.max(0, all - gone);
    Duration rest = Duration.ofSeconds(Math.round(left / 1e9));
    told.accept(
        what
            + " "
            + done
            + ", "
            + Math.min(100, gone * 100 / Math.max(1, all))
            + " % done, about "
            + Cell.duration(rest)
            + " left");
  }
}
