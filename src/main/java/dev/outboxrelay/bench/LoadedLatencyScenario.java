// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;

/** How long a message takes from its commit to its receipt, under a steady load. */
final class LoadedLatencyScenario implements Scenario {
  private static final int RATE = 2000;
  private static final int CLIENTS = 32;
  private static final String NOTIFY_OFF = "set outbox.notify = off";
  private static final int WARM_UPS = 2;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  @Override
  public String name() {
    return "loaded-latency";
  }

  @Override
  public String title() {
    return "many clients at a steady rate: from the commit's answer to receipt, and the commits"
        + " themselves";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(RATE * 30, 200);
    Series p50 = new Series();
    Series p99 = new Series();
    Series commit = new Series();
    Series commitOff = new Series();
    Series sinceDue = new Series();
    Series sinceDueOff = new Series();
    Series rate = new Series();
    Series rateOff = new Series();
    AtomicReference<Latencies> current = new AtomicReference<>(new Latencies(0));
    try (BenchDatabase database = stage.database();
        BenchDatabase silent = stage.database("silent");
        Arrivals arrivals = Arrivals.listen(line -> current.get().received(line));
        Arrivals silentArrivals = Arrivals.listen(line -> current.get().received(line));
        RelayProcess relay = stage.relay(database);
        RelayProcess polling = stage.relay(silent, List.of(), List.of("--poll", "20ms"))) {
      Orders orders = Orders.create(database, "loaded", arrivals.uri(), "key");
      Orders quiet = Orders.create(silent, "off", silentArrivals.uri(), "key");
      orders.resume();
      quiet.resume();
      // In its first minute a relay's JVM compiles, and takes what it needs from everybody.
      for (int i = 0; i < WARM_UPS; i++) {
        write(silent, quiet, NOTIFY_OFF, current, messages);
        write(database, orders, "select 1", current, messages);
      }
      Turns.Turn off =
          () -> {
            Writers.Work work = write(silent, quiet, NOTIFY_OFF, current, messages);
            commitOff.add(work.commitTimes().millis(99));
            sinceDueOff.add(work.sinceDue().millis(99));
            rateOff.add(work.perSecond());
          };
      Turns.Turn on =
          () -> {
            Writers.Work work = write(database, orders, "select 1", current, messages);
            commit.add(work.commitTimes().millis(99));
            sinceDue.add(work.sinceDue().millis(99));
            rate.add(work.perSecond());
            Percentiles times = current.get().percentiles();
            p50.add(times.millis(50));
            p99.add(times.millis(99));
          };
      for (int run = 1; run <= stage.runs(); run++) {
        Turns.take(run, off, on);
        relay.requireWell();
        polling.requireWell();
        stage.say(
            String.format(
                Locale.ROOT,
                "loaded-latency %d/%d: p50 %s ms, p99 %s ms; commit p99 %s ms, notify off %s ms",
                run,
                stage.runs(),
                p50,
                p99,
                commit,
                commitOff));
      }
    }
    return Result.of(
        List.of(
            Figure.of("p50", "ms", p50),
            Figure.of("p99", "ms", p99).atMost(20),
            Figure.against("commit p99", "ms", commit, "notify off", commitOff).ratioAtMost(1.1),
            Figure.against(
                "commit p99 from when it was due", "ms", sinceDue, "notify off", sinceDueOff),
            Figure.against("commits of 2,000/s offered", "commits/s", rate, "notify off", rateOff)),
        "a commit is timed from its being sent, which a client that is late does late; from when it"
            + " was due, what waited for a stall of the server or of the machine is in it too",
        "the relay of 'notify off' runs with --poll 20ms in a database of its own, since nobody"
            + " rings");
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
    latencies.requireOnce();
    orders.awaitCompletion(NOTHING_NEW);
    return work;
  }
}
