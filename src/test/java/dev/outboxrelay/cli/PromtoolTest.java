// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.store.Owed;
import dev.outboxrelay.testing.Program;
import dev.outboxrelay.values.WireId;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Names, units and help texts are as Prometheus wants them, and it can read the rules. */
final class PromtoolTest {
  @BeforeEach
  void needsPromtool() {
    assumeTrue(Program.exists("promtool"), "promtool is missing: install Debian's prometheus");
  }

  private static String promtool(String input, String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = "promtool";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() + " " + said;
  }

  @Test
  void metrics_ofARelay_passTheCheck() throws Exception {
    PrometheusMeterRegistry registry = ProcessMeters.registry();
    ProcessMeters.bind(registry);
    RelayMetrics metrics = new RelayMetrics(registry);
    Readiness readiness = new Readiness(Duration.ofSeconds(10));
    metrics.show(readiness, new Health(readiness));
    metrics.owned("shop", 1);
    metrics.delivered("shop", new WireId(1, 1), 1);
    new OwedMeters(registry)
        .show(Optional.of(List.of(new Owed("shop", false, false, 1, 1, 1, 1, 1, 1, 1, 1, 1))));
    assertEquals("0 ", promtool(registry.scrape(), "check", "metrics"));
  }

  @Test
  void rules_areRead() throws Exception {
    String said = promtool("", "check", "rules", "packaging/monitoring/alerts.yml");
    assertEquals("0", said.substring(0, 1), said);
  }
}
