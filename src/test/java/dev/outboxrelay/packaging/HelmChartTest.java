// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The chart, linted and rendered by Helm itself. */
@EnabledOnOs(OS.LINUX)
final class HelmChartTest {
  private static final Path CHART = Path.of("packaging/helm/outbox-relay");
  private static final String URL = "jdbc:postgresql://db:5432/shop?sslmode=verify-full";
  private static final Map<String, String> LEAST =
      Map.of("database.url", URL, "database.passwordSecret", "shop-db");

  private static Path chart;

  private static String render(Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(LEAST);
    all.putAll(settings);
    return rendered(all);
  }

  private static String rendered(Map<String, String> settings) {
    TemplateCommand command = new Helm(chart).template().withName("shop").withNamespace("apps");
    settings.forEach(command::set);
    return command.call();
  }

  /** Rendering leaves out hooks, so the copy's migration is none. */
  @BeforeAll
  static void copyWithoutHooks(@TempDir Path folder) throws IOException {
    chart = folder.resolve("outbox-relay");
    try (Stream<Path> files = Files.walk(CHART)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = chart.resolve(CHART.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.writeString(copy, Files.readString(file).replaceAll(" *helm.sh/hook.*\\R", ""));
      }
    }
  }

  private static Set<String> kinds(String rendered) {
    return Pattern.compile("^kind: (\\w+)$", Pattern.MULTILINE)
        .matcher(rendered)
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void chart_byHelmsOwnRules_isSound() {
    LintResult result = new Helm(CHART).lint().strict().call();
    assertFalse(result.isFailed(), result.getMessages().toString());
  }

  @Test
  void chart_withTheLeast_isTwoRelaysThatMayNotBothBeTakenAway() {
    String rendered = render(Map.of());
    assertEquals(Set.of("Deployment", "PodDisruptionBudget", "Service"), kinds(rendered));
    assertTrue(rendered.contains("replicas: 2"), rendered);
    assertTrue(rendered.contains("readOnlyRootFilesystem: true"), rendered);
    assertTrue(rendered.contains("runAsNonRoot: true"), rendered);
    assertTrue(rendered.contains("secretName: shop-db"), rendered);
    assertTrue(rendered.contains("value: /etc/outbox-relay/database/password"), rendered);
  }

  @Test
  void chart_withEverything_hasEachKindOnce() {
    String rendered =
        render(
            Map.of(
                "migrate.enabled", "true",
                "migrate.user", "owner",
                "migrate.passwordSecret", "shop-owner",
                "serviceMonitor.enabled", "true",
                "prometheusRule.enabled", "true",
                "networkPolicy.enabled", "true",
                "destinationSecrets", "hooks",
                "settings.OUTBOX_RELAY_SWEEP", "30s"));
    assertEquals(
        Set.of(
            "Deployment",
            "Job",
            "NetworkPolicy",
            "PodDisruptionBudget",
            "PrometheusRule",
            "Service",
            "ServiceMonitor"),
        kinds(rendered));
    assertTrue(rendered.contains("name: OUTBOX_RELAY_SWEEP\n              value: \"30s\""));
    assertTrue(rendered.contains("value: /etc/outbox-relay/destinations"), rendered);
  }

  @Test
  void rules_ofTheChart_areThoseThatShip() throws IOException {
    String rendered = render(Map.of("prometheusRule.enabled", "true"));
    String rules = Files.readString(Path.of("packaging/monitoring/alerts.yml"));
    List<String> shipped = alerts(rules);
    assertFalse(shipped.isEmpty());
    assertEquals(shipped, alerts(rendered));
    assertTrue(rendered.contains("{{ $labels.destination }}"), "Prometheus fills this in");
  }

  private static List<String> alerts(String text) {
    return Pattern.compile("- alert: \\w+")
        .matcher(text)
        .results()
        .map(MatchResult::group)
        .toList();
  }

  @Test
  void values_thatAreMissingOrMisspelt_areRefusedByName() {
    RuntimeException without = assertThrows(RuntimeException.class, () -> rendered(Map.of()));
    assertTrue(without.getMessage().contains("database.url"), without.getMessage());
    RuntimeException misspelt =
        assertThrows(RuntimeException.class, () -> render(Map.of("replica", "3")));
    assertTrue(misspelt.getMessage().contains("replica"), misspelt.getMessage());
    RuntimeException url =
        assertThrows(RuntimeException.class, () -> render(Map.of("database.url", "postgres://x")));
    assertTrue(url.getMessage().contains("jdbc:postgresql"), url.getMessage());
  }

  @Test
  void settings_ofTheChart_areVariablesOfTheProgram() throws IOException {
    String deployment = Files.readString(CHART.resolve("templates/deployment.yaml"));
    String reference = Files.readString(Path.of("docs/reference/configuration.md"));
    Set<String> used =
        Pattern.compile("OUTBOX_RELAY_[A-Z_]+")
            .matcher(deployment)
            .results()
            .map(MatchResult::group)
            .collect(Collectors.toCollection(TreeSet::new));
    used.removeIf(name -> reference.contains("`" + name + "`"));
    used.removeIf(name -> name.endsWith("_FILE"));
    assertEquals(Set.of(), used);
  }
}
