// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.io.Console;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Whether a person looks at what is printed. */
final class Terminal {
  /** A terminal that says 0 does not know. */
  private static final Pattern COLUMNS = Pattern.compile("[1-9]\\d{0,4}");

  private Terminal() {}

  /**
   * How wide it is: what COLUMNS says, else what {@code stty} does; no limit where nobody looks.
   */
  static int columns(Environment environment) {
    String said = environment.value("COLUMNS");
    if (said == null && isThere()) {
      said = size();
    }
    return said != null && COLUMNS.matcher(said).matches()
        ? Integer.parseInt(said)
        : Integer.MAX_VALUE;
  }

  private static @Nullable String size() {
    try {
      Process stty = new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty")).start();
      if (!stty.waitFor(1, TimeUnit.SECONDS)) {
        stty.destroyForcibly();
        return null;
      }
      String answer = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      return answer.strip().replaceFirst("^\\d+ ", "");
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  static boolean isThere() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      // Before Java 22 there is a console on a terminal alone.
      return true;
    }
  }
}
