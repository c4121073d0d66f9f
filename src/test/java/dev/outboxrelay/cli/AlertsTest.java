// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The alert rules ask for metrics that there are, and each has its entry in the guide. */
final class AlertsTest {
  private static final Path RULES = Path.of("packaging/monitoring/alerts.yml");
  private static final Path GUIDE = Path.of("docs/guides/alerts.md");
  private static final Path METRICS = Path.of("docs/reference/metrics.md");

  private static final Pattern RULE_MINUTES = Pattern.compile("(?:for: |\\[)(\\d+)m");
  private static final Pattern RULE_SECONDS = Pattern.compile("_seconds > (\\d+)");
  private static final Pattern GUIDE_MINUTES = Pattern.compile("(\\d+|\\ba) minutes?");
  private static final Pattern METRIC = Pattern.compile("\\boutbox_relay_[a-z_]*[a-z]\\b");

  private static Set<String> found(String pattern, Path file) throws IOException {
    Matcher matcher = Pattern.compile("(?m)" + pattern).matcher(Files.readString(file));
    Set<String> found = new TreeSet<>();
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    assertFalse(found.isEmpty(), () -> file + " has nothing like " + pattern);
    return found;
  }

  /** RelayMetricsTest holds that page to what a relay shows. */
  @Test
  void rules_askForMetricsOfThePageAlone() throws IOException {
    Set<String> unknown = new TreeSet<>();
    for (String line : found("^ +expr: (.+)$", RULES)) {
      Matcher metric = Pattern.compile("outbox_\\w+").matcher(line);
      while (metric.find()) {
        unknown.add(metric.group());
      }
    }
    unknown.removeAll(found("^\\| `(outbox_relay_\\w+)", METRICS));
    assertEquals(Set.of(), unknown);
  }

  /** Guides and the board too. */
  @Test
  void metrics_thatPagesAndTheBoardName_areThoseOfThePage() throws IOException {
    Set<String> known = found("^\\| `(outbox_relay_\\w+)", METRICS);
    Set<String> unknown = new TreeSet<>();
    List<Path> files = new ArrayList<>(UsersPages.all());
    files.add(Path.of("packaging/monitoring/dashboard.json"));
    for (Path file : files) {
      String text = Files.readString(file);
      assertFalse(text.contains("`…_"), file + " cuts the name of a metric");
      Matcher metric = METRIC.matcher(text);
      while (metric.find()) {
        if (!known.contains(metric.group().replaceFirst("_(?:bucket|count|sum)$", ""))) {
          unknown.add(file + ": " + metric.group());
        }
      }
    }
    assertEquals(Set.of(), unknown);
  }

  @Test
  void eachAlert_hasItsEntryInTheGuide() throws IOException {
    Set<String> alerts = found("^ +- alert: (\\w+)$", RULES);
    assertEquals(alerts, found("^## (\\w+)$", GUIDE));
    assertEquals(alerts, found("^\\| \\[(\\w+)\\]", GUIDE));
  }

  @Test
  void eachAlert_hasASeverityAndASummary() throws IOException {
    String[] rules = Files.readString(RULES).split("- alert: ");
    for (String rule : List.of(rules).subList(1, rules.length)) {
      assertFalse(!rule.contains("severity: ") || !rule.contains("summary: "), rule);
    }
  }

  /** What the guide says of minutes stands in the rule. */
  @Test
  void minutes_ofTheGuide_areThoseOfTheRules() throws IOException {
    String[] rules = Files.readString(RULES).split("- alert: ");
    String guide = Files.readString(GUIDE);
    int seen = 0;
    for (String rule : List.of(rules).subList(1, rules.length)) {
      String name = rule.lines().findFirst().orElseThrow();
      Set<String> minutes = new TreeSet<>();
      RULE_MINUTES.matcher(rule).results().forEach(each -> minutes.add(each.group(1)));
      RULE_SECONDS
          .matcher(rule)
          .results()
          .forEach(each -> minutes.add("" + Integer.parseInt(each.group(1)) / 60));
      String row = guide.split("\\| \\[" + name + "\\]", 2)[1].lines().findFirst().orElseThrow();
      for (MatchResult told : GUIDE_MINUTES.matcher(row).results().toList()) {
        String number = told.group(1).equals("a") ? "1" : told.group(1);
        assertTrue(minutes.contains(number), row + " and " + minutes);
        seen++;
      }
    }
    assertTrue(seen > 0, "no row tells minutes");
  }
}
