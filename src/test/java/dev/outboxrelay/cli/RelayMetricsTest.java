// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.store.Owed;
import dev.outboxrelay.values.WireId;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class RelayMetricsTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final RelayMetrics metrics = new RelayMetrics(registry);
  private final OwedMeters owed = new OwedMeters(registry);

  private void assertShown(String line) {
    String scrape = registry.scrape();
    assertTrue(scrape.lines().anyMatch(line::equals), () -> line + " is not in\n" + scrape);
  }

  @Test
  void database_lostOrACopy_isShown() {
    metrics.connected();
    assertShown("outbox_relay_connected 1.0");
    metrics.copied("this database is a copy");
    assertShown("outbox_relay_copied 1.0");
    metrics.adopted();
    assertShown("outbox_relay_copied 0.0");
    metrics.databaseLost("terminated by administrator", 100);
    assertShown("outbox_relay_connected 0.0");
    assertShown("outbox_relay_database_losses_total 1.0");
  }

  @Test
  void destination_deleted_takesItsSeriesAlong() {
    metrics.destinations(Set.of("shop", "crm"));
    metrics.owned("shop", 7);
    metrics.owned("crm", 7);
    metrics.delivered("crm", new WireId(1, 1), 1);
    owed.show(Optional.of(List.of(owed("shop"), owed("crm"))));
    metrics.destinations(Set.of("shop"));
    metrics.released("crm", "deleted");
    metrics.failed("crm", new WireId(12, 0), 10, "no");
    owed.show(Optional.of(List.of(owed("shop"))));
    assertFalse(registry.scrape().contains("crm"), registry.scrape());
    assertShown("outbox_relay_destination_owned{destination=\"shop\"} 1.0");
    assertShown("outbox_relay_destination_owed{destination=\"shop\"} 3.0");
  }

  private static Owed owed(String destination) {
    return new Owed(destination, false, false, 3, 300, 1.5, 1, 2, 200, 0, 4, 5);
  }

  @Test
  void owed_toldByAnotherRelay_isNotShown() {
    owed.show(Optional.of(List.of(owed("shop"))));
    assertShown("outbox_relay_observer 1.0");
    assertShown("outbox_relay_destination_oldest_owed_seconds{destination=\"shop\"} 1.5");
    owed.show(Optional.empty());
    assertShown("outbox_relay_observer 0.0");
    assertFalse(registry.scrape().contains("shop"), registry.scrape());
  }

  @Test
  void delivered_fallsIntoTheBucketsOfItsTimes() {
    long stamp = System.currentTimeMillis() * 1000 - 3_000_000L;
    metrics.delivered("shop", new WireId(1, stamp), 15_000_000);
    String send = "outbox_relay_destination_send_to_ack_seconds_bucket{destination=\"shop\",le=";
    assertShown(send + "\"0.01\"} 0");
    assertShown(send + "\"0.02\"} 1");
    String commit =
        "outbox_relay_destination_commit_to_ack_seconds_bucket{destination=\"shop\",le=";
    assertShown(commit + "\"2.0\"} 0");
    assertShown(commit + "\"30.0\"} 1");
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
    Readiness readiness = new Readiness(Duration.ofSeconds(10));
    metrics.show(readiness, new Health(readiness));
    metrics.connected();
    metrics.owned("shop", 1);
    metrics.delivered("shop", new WireId(1, 1), 1);
    owed.show(Optional.of(List.of(owed("shop"))));
    Set<String> served =
        registry
            .scrape()
            .lines()
            .filter(line -> line.startsWith("outbox_relay_"))
            .map(line -> line.replaceFirst(" .*", "").replaceAll("=\"[^\"]*\"", ""))
            .filter(name -> !name.matches(".*_seconds_(bucket|count|sum|max)\\b.*"))
            .collect(Collectors.toCollection(TreeSet::new));
    served.add("outbox_relay_destination_commit_to_ack_seconds{destination}");
    served.add("outbox_relay_destination_send_to_ack_seconds{destination}");
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
