// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The values that the guide to containers names are the chart's. */
final class HelmValuesPageTest {
  private static final Path VALUES = Path.of("packaging/helm/outbox-relay/values.yaml");
  private static final Path PAGE = Path.of("docs/guides/containers.md");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| (`[a-z].*?) \\|");
  private static final Pattern NAME = Pattern.compile("`([a-zA-Z.]+)`");
  private static final Pattern SET = Pattern.compile("--set ([a-zA-Z.]+)=");

  private static boolean has(Map<?, ?> values, String name) {
    String[] parts = name.split("\\.", 2);
    return values.containsKey(parts[0])
        && (parts.length == 1
            || values.get(parts[0]) instanceof Map<?, ?> below && has(below, parts[1]));
  }

  @Test
  void values_ofTheGuide_areThoseOfTheChart() throws Exception {
    Map<?, ?> values =
        new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(VALUES));
    String page = Files.readString(PAGE);
    String table = page.substring(page.indexOf("| value |"), page.indexOf("Without the chart"));
    List<String> named = new ArrayList<>();
    for (MatchResult row : ROW.matcher(table).results().toList()) {
      String of = "";
      for (MatchResult name : NAME.matcher(row.group(1)).results().toList()) {
        String written = name.group(1);
        of = written.startsWith(".") ? of : written.split("\\.")[0];
        named.add(written.startsWith(".") ? of + written : written);
      }
    }
    SET.matcher(page.replace(",", " --set ")).results().forEach(set -> named.add(set.group(1)));
    assertTrue(named.size() > 10, named.toString());
    named.removeIf(name -> has(values, name));
    assertEquals(List.of(), named);
  }
}
