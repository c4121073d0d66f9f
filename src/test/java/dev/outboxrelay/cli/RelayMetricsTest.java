// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.values.WireId;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class RelayMetricsTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final RelayMetrics metrics = new RelayMetrics(registry);

  private void assertShown(String line) {
    String scrape = registry.scrape();
    assertTrue(scrape.lines().anyMatch(line::equals), () -> line + " is not in\n" + scrape);
  }

  @Test
  void readiness_throughALoss_followsTheDatabase() {
    assertTrue(metrics.whyNotReady().isPresent());
    metrics.connected();
    assertEquals(Optional.empty(), metrics.whyNotReady());
    assertShown("outbox_relay_connected 1.0");
    metrics.databaseLost("terminated by administrator", 100);
    assertTrue(metrics.whyNotReady().orElse("").contains("terminated by administrator"));
    assertShown("outbox_relay_connected 0.0");
    assertShown("outbox_relay_database_losses_total 1.0");
  }

  @Test
  void readiness_inACopy_namesTheStatements() {
    metrics.connected();
    metrics.copied("this database is a copy");
    String why = metrics.whyNotReady().orElse("");
    assertTrue(why.contains("outbox.adopt()") && why.contains("outbox.release_all()"), why);
    assertShown("outbox_relay_copied 1.0");
    metrics.adopted();
    assertEquals(Optional.empty(), metrics.whyNotReady());
    assertShown("outbox_relay_copied 0.0");
  }

  @Test
  void readiness_whileAStatementFailsForLong_saysWhich() {
    AtomicLong nanos = new AtomicLong();
    RelayMetrics clocked = new RelayMetrics(registry, nanos::get);
    clocked.connected();
    clocked.statementFailed("page of d", "permission denied", 50);
    assertEquals(Optional.empty(), clocked.whyNotReady());
    nanos.addAndGet(Duration.ofSeconds(11).toNanos());
    clocked.alive();
    clocked.statementFailed("page of d", "permission denied", 5000);
    assertEquals(
        Optional.of("page of d fails again and again: permission denied"), clocked.whyNotReady());
    clocked.statementSucceeded("page of d");
    assertEquals(Optional.empty(), clocked.whyNotReady());
  }

  @Test
  void readiness_whileTheCoreDoesNotRun_saysSo() {
    AtomicLong nanos = new AtomicLong();
    RelayMetrics clocked = new RelayMetrics(registry, nanos::get);
    nanos.addAndGet(Duration.ofMinutes(1).toNanos());
    clocked.connected();
    assertEquals(Optional.empty(), clocked.whyNotReady());
    nanos.addAndGet(Duration.ofSeconds(4).toNanos());
    clocked.alive();
    nanos.addAndGet(Duration.ofSeconds(4).toNanos());
    assertEquals(Optional.empty(), clocked.whyNotReady());
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertEquals(Optional.of("the relay's core has not run for 5 s"), clocked.whyNotReady());
    clocked.alive();
    assertEquals(Optional.empty(), clocked.whyNotReady());
  }

  @Test
  void destination_thatStandsStill_isShownUntilItMovesOrIsGivenUp() {
    String stalled = "outbox_relay_destination_stalled{destination=\"shop\"} ";
    metrics.owned("shop", 7);
    metrics.stalled("shop", 31_000);
    assertShown(stalled + "1.0");
    metrics.moving("shop");
    assertShown(stalled + "0.0");
    metrics.stalled("shop", 31_000);
    metrics.released("shop", "another relay took over");
    assertShown(stalled + "0.0");
  }

  /** Both ways; with its labels, as the page writes them. */
  @Test
  void metrics_ofTheRelay_areThoseOfTheMetricsPage() throws Exception {
    metrics.connected();
    metrics.owned("shop", 1);
    Set<String> served =
        registry
            .scrape()
            .lines()
            .filter(line -> line.startsWith("outbox_relay_"))
            .map(line -> line.replaceFirst(" .*", "").replaceAll("=\"[^\"]*\"", ""))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> named =
        Pattern.compile("\\| `(outbox_relay_[a-z_]+(?:\\{[a-z_,]+})?)`")
            .matcher(Files.readString(Path.of("docs/reference/metrics.md")))
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(String.join("\n", served), String.join("\n", named));
  }

  @Test
  void destination_withTraffic_isCountedByName() {
    metrics.owned("shop", 7);
    metrics.sent("shop", 3, 300);
    metrics.acknowledged("shop", 2);
    metrics.retried("shop", new WireId(12, 0), 1, 1000, "no");
    metrics.failed("shop", new WireId(12, 0), 10, "no");
    metrics.down("shop", "refused", 1000);
    metrics.missed("shop", 4);
    assertShown("outbox_relay_destination_owned{destination=\"shop\"} 1.0");
    assertShown("outbox_relay_destination_epoch{destination=\"shop\"} 7.0");
    assertShown("outbox_relay_destination_sent_total{destination=\"shop\"} 3.0");
    assertShown("outbox_relay_destination_sent_bytes_total{destination=\"shop\"} 300.0");
    assertShown("outbox_relay_destination_acknowledged_total{destination=\"shop\"} 2.0");
    assertShown("outbox_relay_destination_retried_total{destination=\"shop\"} 1.0");
    assertShown("outbox_relay_destination_failed_total{destination=\"shop\"} 1.0");
    assertShown("outbox_relay_destination_down{destination=\"shop\"} 1.0");
    assertShown("outbox_relay_destination_missed_total{destination=\"shop\"} 4.0");
    metrics.released("shop", "another relay took over");
    assertShown("outbox_relay_destination_owned{destination=\"shop\"} 0.0");
    assertShown("outbox_relay_destination_down{destination=\"shop\"} 0.0");
  }
}
