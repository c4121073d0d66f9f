// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.outboxrelay.testing.TestServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The bench cannot rot: each scenario runs through, and reports what it should. */
@Tag("alone")
final class BenchTest {
  /** None of these was run. */
  private static final Pattern FULL_SIZE =
      Pattern.compile("\\b(16|64) clients|\\b1,000 destinations|0,000 (owed|messages)|of 500,000");

  @TempDir Path output;

  static List<String> scenarios() {
    return Bench.names();
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void scenario_quick_reportsFigures(String name) throws Exception {
    TestServer server = TestServer.shared();
    BenchOptions options =
        new BenchOptions(
            new BenchOptions.Server(server.url("postgres"), server.user(), server.password()),
            List.of(name),
            1,
            true,
            List.of(),
            List.of("-XX:+UseSerialGC -Xmx256m"),
            output);
    StringWriter table = new StringWriter();
    boolean met = Bench.run(options, new PrintWriter(new StringWriter()), new PrintWriter(table));
    assertTrue(met, table.toString());
    assertTrue(table.toString().contains("| " + name), table.toString());
    assertFalse(FULL_SIZE.matcher(table.toString()).find(), table.toString());

    JsonNode report = JsonMapper.builder().build().readTree(output.resolve("bench.json").toFile());
    JsonNode scenario = report.get("scenarios").get(0);
    assertEquals(name, scenario.get("name").asText());
    assertFalse(scenario.has("failure"), scenario.toString());
    assertFalse(scenario.get("figures").isEmpty());
    for (JsonNode figure : scenario.get("figures")) {
      assertEquals(figure.get("runs").size() > 0, figure.has("median"), figure.toString());
    }
    for (JsonNode plot : scenario.get("plots")) {
      assertTrue(Files.exists(output.resolve(plot.get("name").asText() + ".svg")));
    }
  }

  @Test
  void requireKnown_unknownScenario_areRefusedWithTheNames() {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> Bench.requireKnown(List.of("drian")));
    assertTrue(String.valueOf(refusal.getMessage()).contains("drain"), refusal.getMessage());
  }
}
