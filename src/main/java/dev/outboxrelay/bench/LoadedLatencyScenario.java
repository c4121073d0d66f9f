package dev.outboxrelay.bench;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** How long a message takes from its commit to its receipt, under a steady load. */
final class LoadedLatencyScenario implements Scenario {
  private static final int RATE = 2000;
  private static final int CLIENTS = 32;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  @Override
  public String name() {
    return "loaded-latency";
  }

  @Override
  public String title() {
    return "2,000 commits/s by 32 clients for 30 s: from the commit's answer to receipt, and the"
        + " commits themselves";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(RATE * 30, 200);
    Series p50 = new Series();
    Series p99 = new Series();
    Series commit = new Series();
    Series commitOff = new Series();
    AtomicReference<Latencies> current = new AtomicReference<>(new Latencies(0));
    try (BenchDatabase database = stage.database();
        BenchDatabase silent = stage.database("silent");
        Arrivals arrivals = Arrivals.listen(line -> current.get().received(line));
        RelayProcess relay = stage.relay(database);
        RelayProcess polling = stage.relay(silent, List.of(), List.of("--poll", "20ms"))) {
      Orders orders = Orders.create(database, "loaded", arrivals.uri(), "key");
      Orders off = Orders.create(silent, "off", arrivals.uri(), "key");
      orders.resume();
      off.resume();
      write(silent, off, "set outbox.notify = off", current, stage.size(RATE, 100));
      write(database, orders, "select 1", current, stage.size(RATE, 100));
      for (int run = 1; run <= stage.runs(); run++) {
        Writers.Work silentWork = write(silent, off, "set outbox.notify = off", current, messages);
        commitOff.add(silentWork.commitTimes().millis(99));
        Writers.Work work = write(database, orders, "select 1", current, messages);
        commit.add(work.commitTimes().millis(99));
        Percentiles times = current.get().percentiles();
        p50.add(times.millis(50));
        p99.add(times.millis(99));
        relay.requireWell();
        polling.requireWell();
        stage.say(
            String.format(
                "loaded-latency %d/%d: p50 %.2f ms, p99 %.2f ms; commit p99 %.2f ms, notify off"
                    + " %.2f ms",
                run,
                stage.runs(),
                times.millis(50),
                times.millis(99),
                work.commitTimes().millis(99),
                silentWork.commitTimes().millis(99)));
      }
    }
    return Result.of(
        List.of(
            Figure.of("p50", "ms", p50),
            Figure.of("p99", "ms", p99).atMost(20),
            Figure.against("commit p99", "ms", commit, "notify off", commitOff).ratioAtMost(1.1)));
  }

  private static Writers.Work write(
      BenchDatabase database,
      Orders orders,
      String session,
      AtomicReference<Latencies> current,
      int messages)
      throws Exception {
    database.execute("truncate " + orders.table());
    Latencies latencies = new Latencies(messages);
    current.set(latencies);
    Writers.Work work =
        new Writers(database, session, CLIENTS)
            .atRate(
                RATE,
                messages,
                connection -> {
                  Writers.Transactions inserts = orders.inserts().on(connection);
                  return number -> {
                    inserts.commit(number);
                    latencies.committed((int) number);
                  };
                });
    latencies.await(NOTHING_NEW);
    return work;
  }
}
