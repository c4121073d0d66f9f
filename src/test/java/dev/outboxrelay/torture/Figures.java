// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** What was measured, printed and kept in {@code target/torture/figures.txt}. */
final class Figures {

  /** Measurements of minutes, which {@code -Ptorture} runs and plain {@code verify} does not. */
  static final String LONG = "torture.long";

  private static final Path FILE = Path.of("target", "torture", "figures.txt");

  private Figures() {}

  static boolean measuring() {
    return Boolean.getBoolean(LONG);
  }

  static void say(String format, Object... arguments) throws IOException {
    String line = String.format(java.util.Locale.ROOT, format, arguments);
    System.out.println(line);
    Files.createDirectories(FILE.getParent());
    Files.writeString(
        FILE, line + System.lineSeparator(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  static long median(List<Long> values) {
    return quantile(values, 0.5);
  }

  static long worst(List<Long> values) {
    return quantile(values, 1.0);
  }

  /** The smallest value that this share of the values does not exceed. */
  static long quantile(List<Long> values, double share) {
    List<Long> sorted = values.stream().sorted().toList();
    int index = (int) Math.ceil(share * sorted.size()) - 1;
    return sorted.get(Math.max(0, Math.min(sorted.size() - 1, index)));
  }
}
