// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * How many lines of one kind about one destination are logged as they come: five in ten minutes.
 * The others are counted, and the next line that may be logged tells how many there were. So a
 * receiver that fails all night costs a bounded number of lines, and its first ones come at once.
 * Used on one thread at a time.
 */
final class LineBudget {
  private static final int LINES = 5;
  private static final long WINDOW_NANOS = 600_000_000_000L;

  private final LongSupplier nanoTime;
  private final Map<String, Map<String, Window>> windows = new HashMap<>();

  LineBudget(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** A window of time. */
  private static final class Window {
    private long beganNanos;
    private int lines;
    private long left;

    Window(long beganNanos) {
      this.beganNanos = beganNanos;
    }
  }

  /**
   * Asks for a line.
   *
   * @return how many were left out before it; -1 when this one is to be left out
   */
  long ask(String destination, String kind) {
    long now = nanoTime.getAsLong();
    Window window =
        windows
            .computeIfAbsent(destination, name -> new HashMap<>())
            .computeIfAbsent(kind, name -> new Window(now));
    if (now - window.beganNanos >= WINDOW_NANOS) {
      window.beganNanos = now;
      window.lines = 0;
    }
    if (window.lines == LINES) {
      window.left++;
      return -1;
    }
    window.lines++;
    long left = window.left;
    window.left = 0;
    return left;
  }

  /** What was left out and has not been told, where a window is over: told now. */
  long overdue(String destination, String kind) {
    Window window = windows.getOrDefault(destination, Map.of()).get(kind);
    if (window == null
        || window.left == 0
        || nanoTime.getAsLong() - window.beganNanos < WINDOW_NANOS) {
      return 0;
    }
    long left = window.left;
    window.left = 0;
    return left;
  }

  /** Forgets destinations that there are no more. */
  void retain(Set<String> destinations) {
    windows.keySet().retainAll(destinations);
  }
}
