// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.receiver.CheckResult;
import dev.outboxrelay.receiver.Conformance;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The receiver that docs/reference/protocol.md begins with, cut out of the page and run. */
class ProtocolPageTest {

  private static final String PYTHON = "/usr/bin/python3";

  @TempDir Path directory;

  @Test
  void receiverOnThePage_isTwentyLines_andPassesTheChecklist() throws Exception {
    assumeTrue(Program.exists(PYTHON), PYTHON + " is not installed here");
    List<String> lines =
        Files.readAllLines(Path.of("docs", "reference", "protocol.md")).stream()
            .dropWhile(line -> !line.startsWith("import json"))
            .takeWhile(line -> !line.equals("```"))
            .toList();
    assertTrue(!lines.isEmpty() && lines.size() <= 21, () -> lines.size() + " lines");
    Path script = Files.write(directory.resolve("receive.py"), lines);
    int port = Ports.free();
    try (Program receiver =
        Program.start(List.of(PYTHON, script.toString(), Integer.toString(port)), Map.of())) {
      receiver.awaitPort(port);
      List<CheckResult> results =
          Conformance.check(Destinations.at(port), Duration.ofSeconds(20), each -> {});
      assertTrue(results.size() > 20, results::toString);
      assertTrue(results.stream().allMatch(CheckResult::passed), results::toString);
    }
  }
}
