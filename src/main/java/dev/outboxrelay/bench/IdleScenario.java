package dev.outboxrelay.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What a relay does while nothing happens. */
final class IdleScenario implements Scenario {
  @Override
  public String name() {
    return "idle";
  }

  @Override
  public String title() {
    return "statements and CPU over 60 s without a message, with 1 and with 1,000 destinations";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int seconds = stage.size(60, 1);
    int settleSeconds = stage.size(20, 0);
    List<Figure> figures = new ArrayList<>();
    for (int destinations : new int[] {1, stage.size(1000, 5)}) {
      Series statements = new Series();
      Series relayCpu = new Series();
      Series serverCpu = new Series();
      try (BenchDatabase database = stage.database();
          Arrivals arrivals = Arrivals.listen(line -> {});
          RelayProcess relay = stage.relay(database)) {
        database.execute(
            "insert into outbox.destination (name, uri) select 'd' || g, '"
                + arrivals.uri()
                + "' from generate_series(1, "
                + destinations
                + ") g");
        TimeUnit.SECONDS.sleep(settleSeconds);
        for (int run = 1; run <= stage.runs(); run++) {
          long before = statements(database);
          double relayBefore = Cpu.secondsOf(relay.pid());
          double serverBefore = stage.serverCpu();
          TimeUnit.SECONDS.sleep(seconds);
          relayCpu.add(100 * (Cpu.secondsOf(relay.pid()) - relayBefore) / seconds);
          serverCpu.add(100 * (stage.serverCpu() - serverBefore) / seconds);
          statements.add((statements(database) - before) / (double) seconds);
          relay.requireWell();
          stage.say(
              "idle "
                  + run
                  + "/"
                  + stage.runs()
                  + ", "
                  + destinations
                  + " destinations: "
                  + relayCpu
                  + " % CPU");
        }
      }
      String with = destinations + (destinations == 1 ? " destination" : " destinations");
      figures.add(Figure.of("CPU of the relay, " + with, "% of a core", relayCpu).atMost(0.5));
      figures.add(Figure.of("CPU of PostgreSQL, " + with, "% of a core", serverCpu));
      figures.add(Figure.of("statements, " + with, "per second", statements));
    }
    return Result.of(
        figures,
        "statements are the database's committed transactions, the bench's own and autovacuum's"
            + " among them");
  }

  private static long statements(BenchDatabase database) throws Exception {
    return database.number(
        "select xact_commit from pg_stat_database where datname = current_database()");
  }
}
