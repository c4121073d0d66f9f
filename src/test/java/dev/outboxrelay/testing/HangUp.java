package dev.outboxrelay.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** SIGHUP, as far as processes hear of it. */
public final class HangUp {
  private HangUp() {}

  /**
   * Whether processes that the tests start are reached by it: whatever {@code nohup} has started,
   * and all that comes of that, is not. True where it cannot be told.
   */
  public static boolean reachesChildren() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return true;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("SigIgn:")) {
        return (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 1) == 0;
      }
    }
    return true;
  }
}
