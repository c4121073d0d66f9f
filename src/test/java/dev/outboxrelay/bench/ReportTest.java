// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ReportTest {
  private static final Scenario DRAIN = new DrainScenario();
  private static final Scenario IDLE = new IdleScenario();

  private static Report report(Report.Section... sections) {
    return new Report(new Machine(Map.of("relay", "outbox-relay 1")), 3, false, List.of(sections));
  }

  private static Report.Section measured(double value) {
    Figure figure = Figure.of("rate", "a second", Series.of(value)).atLeast(5);
    return Report.Section.measured(IDLE, Result.of(List.of(figure), "how it was taken"));
  }

  @Test
  void met_allSectionsAsExpected_isTrue() {
    assertTrue(report(measured(6)).met());
    assertFalse(report(measured(6), measured(4)).met());
  }

  @Test
  void section_failed_isToldAndNotMetAndLeavesTheOthers() throws Exception {
    Report report =
        report(Report.Section.failed(DRAIN, "the relay's log holds a fault: x"), measured(6));
    assertFalse(report.met());
    assertTrue(report.text().contains("drain: FAILED: the relay's log holds a fault: x"));
    assertTrue(report.text().lines().anyMatch(line -> line.matches("\\| drain .* NO +\\|")));
    assertTrue(report.text().contains("idle: how it was taken"), report.text());
    JsonNode scenarios = JsonMapper.builder().build().readTree(report.json()).get("scenarios");
    assertEquals("the relay's log holds a fault: x", scenarios.get(0).get("failure").asText());
    assertFalse(scenarios.get(1).has("failure"));
    assertEquals(6, scenarios.get(1).get("figures").get(0).get("median").asDouble());
  }
}
