// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The settings of a session that the SQL files ask for, without the {@code outbox.} before them.
 */
final class Settings {
  /** Those that need not be set; a function's own for the time of its call are always set. */
  private static final Pattern ASKED =
      Pattern.compile("current_setting\\('outbox\\.(\\w+)', true\\)");

  private Settings() {}

  static Set<String> all() throws IOException {
    Set<String> settings = new TreeSet<>();
    try (Stream<Path> files = Files.walk(Path.of("db/migration"))) {
      for (Path file : files.filter(each -> each.toString().endsWith(".sql")).toList()) {
        ASKED.matcher(Files.readString(file)).results().forEach(s -> settings.add(s.group(1)));
      }
    }
    return settings;
  }
}
