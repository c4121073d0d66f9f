package dev.outboxrelay.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs scenarios and writes what they found. */
public final class Bench {
  private static final List<Scenario> SCENARIOS =
      List.of(
          new WriterScenario(),
          new DrainScenario(),
          new HotKeyScenario(),
          new LatencyScenario(),
          new LoadedLatencyScenario(),
          new HorizonScenario(),
          new BacklogScenario(),
          new CostScenario(),
          new IdleScenario(),
          new ManyScenario());

  private Bench() {}

  /** The names of all scenarios, in their order. */
  public static List<String> names() {
    return SCENARIOS.stream().map(Scenario::name).toList();
  }

  /**
   * Measures.
   *
   * @param progress gets a line a run
   * @param out gets the table
   * @return whether all that is expected was met
   */
  public static boolean run(BenchOptions options, PrintWriter progress, PrintWriter out)
      throws Exception {
    BenchOptions.Server given = options.server();
    try (BenchServer server =
        given == null
            ? BenchServer.embedded()
            : BenchServer.given(given.url(), given.user(), given.password())) {
      Machine machine = Machine.describe(server);
      Stage stage =
          new Stage(
              server, options.runs(), options.quick(), options.output().resolve("logs"), progress);
      List<Report.Section> sections = new ArrayList<>();
      for (Scenario scenario : SCENARIOS) {
        if (options.scenarios().isEmpty() || options.scenarios().contains(scenario.name())) {
          stage.say(scenario.name() + ": " + scenario.title());
          sections.add(new Report.Section(scenario.name(), scenario.title(), scenario.run(stage)));
        }
      }
      Report report = new Report(machine, options.runs(), options.quick(), sections);
      out.print(report.text());
      out.flush();
      write(report, options.output());
      return report.met();
    }
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
