// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** What a relay does while nothing happens. */
final class IdleScenario implements Scenario {
  /** A look at who is there, and the listener's test of itself, about every second or two. */
  private static final double HEARTBEATS_A_SECOND = 1.5;

  /** Those of two sweeps: one is due each minute, and a second may fall into the same one. */
  private static final int SWEEP_STATEMENTS = 12;

  @Override
  public String name() {
    return "idle";
  }

  @Override
  public String title() {
    return "statements and CPU without a message, with one destination and with many";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    List<Figure> figures = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    notes.add(
        "statements are counted in a further "
            + seconds(stage)
            + " s on a PostgreSQL with pg_stat_statements, which the bench starts for it");
    int[] sizes = {1, stage.size(1000, 5)};
    for (int destinations : sizes) {
      figures.addAll(measure(stage, destinations));
    }
    try (BenchServer counting = BenchServer.counting()) {
      for (int destinations : sizes) {
        List<Statements.Count> counts = count(stage, counting, destinations);
        for (StatementKind kind : StatementKind.values()) {
          figures.add(figure(kind, counts, destinations, seconds(stage)));
        }
        counts.stream()
            .filter(count -> count.kind() != StatementKind.CONNECTION)
            .forEach(
                count ->
                    notes.add(words(destinations) + ", " + count.kind().words() + ": " + count));
      }
    }
    return new Result(figures, List.of(), notes);
  }

  private static Figure figure(
      StatementKind kind, List<Statements.Count> counts, int destinations, int seconds) {
    long calls =
        counts.stream()
            .filter(count -> count.kind() == kind)
            .mapToLong(Statements.Count::calls)
            .sum();
    Figure figure =
        Figure.of(
            "statements, " + kind.words() + ", " + words(destinations),
            "in " + seconds + " s",
            Series.of(calls));
    return switch (kind) {
      case HEARTBEAT -> figure.atMost(HEARTBEATS_A_SECOND * seconds);
      case SWEEP -> figure.atMost(SWEEP_STATEMENTS);
      case CONNECTION -> figure;
      case OTHER -> figure.atMost(0);
    };
  }

  private static int seconds(Stage stage) {
    return stage.size(60, 1);
  }

  /** A relay that has just connected, with so many destinations, is left to itself. */
  private static void settle(Stage stage, BenchDatabase database, Arrivals arrivals, int count)
      throws Exception {
    Backlog.create(database, arrivals.uri(), count).resume();
    TimeUnit.SECONDS.sleep(stage.size(20, 0));
  }

  private static List<Figure> measure(Stage stage, int destinations) throws Exception {
    int seconds = seconds(stage);
    Series relayCpu = new Series();
    Series serverCpu = new Series();
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database)) {
      settle(stage, database, arrivals, destinations);
      for (int run = 1; run <= stage.runs(); run++) {
        double relayBefore = Cpu.secondsOf(relay.pid());
        double serverBefore = stage.serverCpu();
        TimeUnit.SECONDS.sleep(seconds);
        relayCpu.add(100 * (Cpu.secondsOf(relay.pid()) - relayBefore) / seconds);
        serverCpu.add(100 * (stage.serverCpu() - serverBefore) / seconds);
        relay.requireWell();
        stage.say(
            String.format(
                Locale.ROOT,
                "idle %d/%d, %s: %s %% CPU",
                run,
                stage.runs(),
                words(destinations),
                relayCpu));
      }
    }
    String with = words(destinations);
    return List.of(
        Figure.of("CPU of the relay, " + with, "% of a core", relayCpu).atMost(0.5),
        Figure.of("CPU of PostgreSQL, " + with, "% of a core", serverCpu));
  }

  private static List<Statements.Count> count(Stage stage, BenchServer server, int destinations)
      throws Exception {
    try (BenchDatabase database = BenchDatabase.create(server, "outbox_relay_bench_counted");
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database)) {
      Statements statements = Statements.of(database);
      settle(stage, database, arrivals, destinations);
      statements.forget();
      TimeUnit.SECONDS.sleep(seconds(stage));
      List<Statements.Count> counts = statements.counts();
      relay.requireWell();
      return counts;
    }
  }

  private static String words(int destinations) {
    return String.format(Locale.ROOT, "%,d", destinations)
        + (destinations == 1 ? " destination" : " destinations");
  }
}
