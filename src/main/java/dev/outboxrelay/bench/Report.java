// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What all scenarios found, as a table and as JSON. */
record Report(Machine machine, int runs, boolean quick, List<Report.Section> sections) {

  /**
   * One scenario's.
   *
   * @param failure why there are no figures, null when there are
   */
  record Section(String name, String title, Result result, @Nullable String failure) {
    static Section measured(Scenario scenario, Result result) {
      return new Section(scenario.name(), scenario.title(), result, null);
    }

    static Section failed(Scenario scenario, String failure) {
      return new Section(scenario.name(), scenario.title(), Result.of(List.of()), failure);
    }

    boolean met() {
      return failure == null
          && result.figures().stream().noneMatch(figure -> Boolean.FALSE.equals(figure.met()));
    }
  }

  private static final String[] HEADINGS = {
    "scenario", "figure", "ratio", "value", "unit", "baseline", "against", "expected", "met"
  };

  /** Whether every scenario ran through and everything that is expected was met. */
  boolean met() {
    return sections.stream().allMatch(Section::met);
  }

  List<Plot> plots() {
    return sections.stream().flatMap(section -> section.result().plots().stream()).toList();
  }

  String text() {
    StringBuilder text = new StringBuilder();
    machine
        .facts()
        .forEach((fact, value) -> text.append(fact).append(": ").append(value).append('\n'));
    text.append("figures: median (least to most) of ")
        .append(runs)
        .append(runs == 1 ? " run" : " runs");
    text.append(
        ", baseline and subject in turn where there are two, the order reversed from run to run");
    text.append(quick ? "; sizes too small to mean anything, so nothing is expected\n\n" : "\n\n");
    text.append(table());
    for (Section section : sections) {
      if (section.failure() != null) {
        text.append('\n').append(section.name()).append(": FAILED: ").append(section.failure());
      }
      for (String note : section.result().notes()) {
        text.append('\n').append(section.name()).append(": ").append(note);
      }
    }
    return text.append('\n').toString();
  }

  private String table() {
    List<String[]> rows = new ArrayList<>();
    rows.add(HEADINGS);
    for (Section section : sections) {
      if (section.failure() != null) {
        rows.add(new String[] {section.name(), "failed, see below", "", "", "", "", "", "", "NO"});
      }
      for (Figure figure : section.result().figures()) {
        Series ratio = figure.ratio();
        rows.add(
            new String[] {
              section.name(),
              figure.what(),
              text(ratio),
              text(figure.value()),
              figure.unit(),
              text(figure.baseline()),
              figure.against() == null ? "" : figure.against(),
              figure.expected() == null ? "" : figure.expected(),
              figure.met() == null ? "" : figure.met() ? "yes" : "NO"
            });
      }
    }
    StringBuilder table = new StringBuilder();
    for (int row = 0; row < rows.size(); row++) {
      table.append('|');
      for (int column = 0; column < HEADINGS.length; column++) {
        int width = width(rows, column);
        String cell = rows.get(row)[column];
        table.append(' ').append(cell).append(" ".repeat(width - cell.length())).append(" |");
      }
      table.append('\n');
      if (row == 0) {
        table.append('|');
        for (int column = 0; column < HEADINGS.length; column++) {
          table.append("-".repeat(width(rows, column) + 2)).append('|');
        }
        table.append('\n');
      }
    }
    return table.toString();
  }

  private static int width(List<String[]> rows, int column) {
    return rows.stream().mapToInt(row -> row[column].length()).max().orElse(0);
  }

  private static String text(@Nullable Series series) {
    return series == null ? "" : series.toString();
  }

  String json() throws JsonProcessingException {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("machine", machine.facts());
    root.put("runs", runs);
    root.put("quick", quick);
    List<Object> scenarios = new ArrayList<>();
    for (Section section : sections) {
      Map<String, Object> scenario = new LinkedHashMap<>();
      scenario.put("name", section.name());
      scenario.put("title", section.title());
      if (section.failure() != null) {
        scenario.put("failure", section.failure());
      }
      scenario.put("figures", section.result().figures().stream().map(Report::json).toList());
      scenario.put("notes", section.result().notes());
      scenario.put("plots", section.result().plots());
      scenarios.add(scenario);
    }
    root.put("scenarios", scenarios);
    return JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build()
            .writeValueAsString(root)
        + "\n";
  }

  private static Map<String, Object> json(Figure figure) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("figure", figure.what());
    json.put("unit", figure.unit());
    json.put("median", figure.value().median());
    json.put("runs", figure.value().values());
    Series baseline = figure.baseline();
    Series ratio = figure.ratio();
    if (baseline != null && ratio != null) {
      json.put("against", figure.against());
      json.put("baselineMedian", baseline.median());
      json.put("baselineRuns", baseline.values());
      json.put("ratioMedian", ratio.median());
      json.put("ratioRuns", ratio.values());
    }
    if (figure.expected() != null) {
      json.put("expected", figure.expected());
      json.put("met", figure.met());
    }
    return json;
  }
}
