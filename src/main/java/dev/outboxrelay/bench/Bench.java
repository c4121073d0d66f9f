// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs scenarios and writes what they found. */
public final class Bench {
  private static final Logger LOG = LoggerFactory.getLogger(Bench.class);

  private static final List<Scenario> SCENARIOS =
      List.of(
          new WriterScenario(),
          new DrainScenario(),
          new HotKeyScenario(),
          new LatencyScenario(),
          new LoadedLatencyScenario(),
          new ColdScenario(),
          new BusyScenario(),
          new HorizonScenario(),
          new BacklogScenario(),
          new CostScenario(),
          new IdleScenario(),
          new ManyScenario(),
          new TransportsScenario());

  private Bench() {}

  /** The names of all scenarios, in their order. */
  public static List<String> names() {
    return SCENARIOS.stream().map(Scenario::name).toList();
  }

  /**
   * Checks names of scenarios.
   *
   * @throws IllegalArgumentException when there is none of that name; the message says which are
   */
  public static void requireKnown(List<String> scenarios) {
    for (String name : scenarios) {
      if (!names().contains(name)) {
        throw new IllegalArgumentException(
            "no scenario is called " + name + "; there are " + String.join(", ", names()));
      }
    }
  }

  /**
   * Measures.
   *
   * @param options names of scenarios that are known
   * @param progress gets a line a run
   * @param out gets the table
   * @return whether every scenario ran through and all that is expected was met; of small sizes
   *     nothing is
   */
  public static boolean run(BenchOptions options, PrintWriter progress, PrintWriter out)
      throws Exception {
    BenchOptions.Server given = options.server();
    try (BenchServer server =
        given == null
            ? BenchServer.embedded()
            : BenchServer.given(given.url(), given.user(), given.password())) {
      Machine machine = Machine.describe(server);
      List<Report.Section> sections = new ArrayList<>();
      for (Scenario scenario : SCENARIOS) {
        if (options.scenarios().isEmpty() || options.scenarios().contains(scenario.name())) {
          sections.add(measure(scenario, server, options, progress));
          // Whoever stops the bench keeps what is measured.
          write(report(machine, options, sections), options.output());
        }
      }
      Report report = report(machine, options, sections);
      out.print(report.text());
      out.flush();
      return report.met();
    }
  }

  private static Report report(
      Machine machine, BenchOptions options, List<Report.Section> sections) {
    return new Report(machine, options.runs(), options.quick(), List.copyOf(sections));
  }

  /** A scenario that fails does not take the others' figures with it. */
  private static Report.Section measure(
      Scenario scenario, BenchServer server, BenchOptions options, PrintWriter progress)
      throws InterruptedException, IOException {
    Stage stage = new Stage(scenario.name(), server, options, progress);
    stage.say(scenario.name() + ": " + scenario.title());
    try {
      Result result = scenario.run(stage);
      for (RelayLogFile log : stage.logs()) {
        log.requireNoFault();
      }
      return Report.Section.measured(
          scenario, (options.quick() ? result.reported() : result).noting(warnings(stage)));
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      LOG.warn("scenario {} failed", scenario.name(), e);
      return Report.Section.failed(scenario, failure(e, stage));
    }
  }

  private static List<String> warnings(Stage stage) throws IOException {
    List<String> notes = new ArrayList<>();
    for (RelayLogFile log : stage.logs()) {
      List<String> warnings = log.warnings();
      if (!warnings.isEmpty()) {
        notes.add(
            "warnings in "
                + log.path().getFileName()
                + ": "
                + warnings.size()
                + ", the first: "
                + warnings.get(0));
      }
    }
    return notes;
  }

  /** What failed, and what the relays' logs say of it. */
  private static String failure(Exception problem, Stage stage) throws IOException {
    StringBuilder words = new StringBuilder(problem.toString());
    for (RelayLogFile log : stage.logs()) {
      String fault = log.fault().orElse("");
      if (words.indexOf(fault) < 0) {
        words.append("; ").append(log.path().getFileName()).append(": ").append(fault);
      }
    }
    return words.toString();
  }

  private static void write(Report report, Path directory) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("bench.txt"), report.text(), StandardCharsets.UTF_8);
    Files.writeString(directory.resolve("bench.json"), report.json(), StandardCharsets.UTF_8);
    for (Plot plot : report.plots()) {
      Files.writeString(
          directory.resolve(plot.name() + ".svg"), Svg.of(plot), StandardCharsets.UTF_8);
    }
  }
}
