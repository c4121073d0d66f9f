// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What it was measured on. */
record Machine(Map<String, String> facts) {
  private static final String[] SETTINGS = {
    "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size"
  };

  static Machine describe(BenchServer server) throws SQLException {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("relay", "outbox-relay " + version());
    facts.put("at", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    facts.put(
        "machine",
        Runtime.getRuntime().availableProcessors()
            + " × "
            + processor()
            + ", "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.version"));
    facts.put("load before", String.format(Locale.ROOT, "%.1f", loadAverage()));
    facts.put(
        "java",
        System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
    try (Connection c = server.connect();
        Statement s = c.createStatement()) {
      facts.put(
          "postgres",
          first(s, "select version()") + (server.isEmbedded() ? " (embedded, loopback)" : ""));
      StringBuilder settings = new StringBuilder();
      for (String setting : SETTINGS) {
        settings.append(settings.isEmpty() ? "" : ", ").append(setting).append(' ');
        settings.append(first(s, "select current_setting('" + setting + "')"));
      }
      facts.put("settings", settings.toString());
    }
    facts.put(
        "layout",
        (server.isEmbedded() ? "PostgreSQL, relay" : "PostgreSQL as given; relay")
            + " (own process, defaults), receiver and load on one machine");
    return new Machine(facts);
  }

  /** What the jar's manifest says; the relays that are measured run from the same jar. */
  private static String version() {
    String version = Machine.class.getPackage().getImplementationVersion();
    return version == null ? "(built from source)" : version;
  }

  private static double loadAverage() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }

  private static String processor() {
    try {
      return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }

  private static String first(Statement s, String sql) throws SQLException {
    try (ResultSet r = s.executeQuery(sql)) {
      r.next();
      return r.getString(1);
    }
  }
}
