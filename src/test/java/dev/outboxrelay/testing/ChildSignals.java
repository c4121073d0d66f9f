// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Signals that the processes of a test hear of. */
public final class ChildSignals {
  public static final int HANG_UP = 1;
  public static final int INTERRUPT = 2;

  private ChildSignals() {}

  /**
   * Whether processes that the tests start are reached by a signal: whatever {@code nohup} has
   * started is not by the first, what a script has started in the background not by the second, and
   * all that comes of these neither. True where it cannot be told.
   */
  public static boolean reachChildren(int signal) throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return true;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("SigIgn:")) {
        long ignored = Long.parseUnsignedLong(line.substring(7).strip(), 16);
        return (ignored >> (signal - 1) & 1) == 0;
      }
    }
    return true;
  }
}
