// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.TransportKind;
import dev.outboxrelay.sink.all.Transports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/internals/transport-tests.md: each transport has every row, and its tests are there. */
final class TransportTestsPageTest {
  private static final Path PAGE = Path.of("docs/internals/transport-tests.md");
  private static final Path TESTS = Path.of("src/test/java");

  private static final List<String> ROWS =
      List.of(
          "delivered",
          "refused",
          "deferred",
          "down",
          "slow",
          "killed -9",
          "TLS",
          "wrong credentials",
          "order",
          "size limit");

  private static final Pattern NAME = Pattern.compile("`(\\w+)\\.(\\w+)`");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| ([^|]+) \\| (.+) \\|$");
  private static final Pattern METHOD = Pattern.compile("(?m)^  void (\\w+)\\(");

  @Test
  void tests_thatThePageNames_areThere() throws Exception {
    Map<String, List<String>> there = methods();
    List<String> missing = new ArrayList<>();
    int named = 0;
    for (Matcher name = NAME.matcher(Files.readString(PAGE)); name.find(); named++) {
      if (!there.getOrDefault(name.group(1) + "Test", List.of()).contains(name.group(2))) {
        missing.add(name.group());
      }
    }
    assertEquals(List.of(), missing);
    assertTrue(named > ROWS.size() * Transports.KINDS.size(), "of " + named);
  }

  @Test
  void transports_all_haveATestForEachRow() throws Exception {
    List<String> sections =
        Arrays.stream(Files.readString(PAGE).split("(?m)^## ")).skip(1).toList();
    assertEquals(
        Transports.KINDS.size(),
        sections.size(),
        Transports.KINDS.stream().map(TransportKind::schemes).toList().toString());
    for (String section : sections) {
      List<String> rows = new ArrayList<>();
      for (Matcher row = ROW.matcher(section); row.find(); ) {
        if (NAME.matcher(row.group(2)).find()) {
          rows.add(row.group(1));
        }
      }
      assertEquals(ROWS, rows, section);
    }
  }

  /** By the class's name, what it tests. */
  private static Map<String, List<String>> methods() throws IOException {
    Map<String, List<String>> all = new HashMap<>();
    try (Stream<Path> files = Files.walk(TESTS)) {
      for (Path file : files.filter(each -> each.toString().endsWith("Test.java")).toList()) {
        List<String> names = new ArrayList<>();
        for (Matcher method = METHOD.matcher(Files.readString(file)); method.find(); ) {
          names.add(method.group(1));
        }
        all.put(file.getFileName().toString().replace(".java", ""), names);
      }
    }
    return all;
  }
}
