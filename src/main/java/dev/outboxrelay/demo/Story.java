// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import java.io.PrintWriter;
import java.util.Locale;

/** What the demo prints. Lines come from two threads; each is printed whole. */
final class Story {
  private final PrintWriter out;
  private final long startNanos = System.nanoTime();

  Story(PrintWriter out) {
    this.out = out;
  }

  /** A new part. */
  void part(String title) {
    print(String.format(Locale.ROOT, "%n%4.1f s  %s", seconds(), title));
  }

  /** What is done, mostly SQL. */
  void does(String what) {
    print("        " + what);
  }

  /** What arrived, as it came, with the time that it took. */
  void arrival(String time, String line) {
    print(String.format(Locale.ROOT, "  %10s  <- %s", time, line));
  }

  void print(String line) {
    synchronized (out) {
      out.println(line);
      out.flush();
    }
  }

  double seconds() {
    return (System.nanoTime() - startNanos) / 1e9;
  }
}
