// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;

/** The first seconds of a relay's life: a fresh process for every figure. */
final class ColdScenario implements Scenario {
  private static final int RATE = 200;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  /** The figures of one way to start Java. */
  private static final class Taken {
    private final Series first = new Series();
    private final Series p50 = new Series();
    private final Series p99 = new Series();
    private final Series drain = new Series();
    private final Series drainCpu = new Series();
  }

  @Override
  public String name() {
    return "cold";
  }

  @Override
  public String title() {
    return "the first seconds of a relay that has just been started";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    Taken shipped = new Taken();
    Taken defaults = new Taken();
    Series warm = new Series();
    for (int run = 1; run <= stage.runs(); run++) {
      Turns.take(
          run,
          () -> take(stage, RelayJava.SHIPPED, shipped, warm),
          () -> take(stage, RelayJava.DEFAULTS, defaults, new Series()));
      stage.say(
          String.format(
              Locale.ROOT,
              "cold %d/%d: first message after %s ms, p50 %s ms, p99 %s ms, drain %s/s; with"
                  + " Java's defaults %s ms, %s ms, %s ms, %s/s",
              run,
              stage.runs(),
              shipped.first,
              shipped.p50,
              shipped.p99,
              shipped.drain,
              defaults.first,
              defaults.p50,
              defaults.p99,
              defaults.drain));
    }
    String against = RelayJava.DEFAULTS.words();
    String size = String.format(Locale.ROOT, "%,d", drained(stage));
    return Result.of(
        List.of(
            Figure.against("start to first message", "ms", shipped.first, against, defaults.first)
                .atMost(1000),
            Figure.against("p50 of the first 10 s", "ms", shipped.p50, against, defaults.p50)
                .atMost(1.5),
            Figure.against("p99 of the first 10 s", "ms", shipped.p99, against, defaults.p99)
                .atMost(10),
            Figure.against(
                "the first drain, of " + size,
                "messages/s",
                shipped.drain,
                against,
                defaults.drain),
            Figure.against(
                    "the first drain, of " + size, "messages/s", shipped.drain, "the last", warm)
                .ratioAtLeast(0.8),
            Figure.against(
                "the relay's CPU of it",
                "µs/message",
                shipped.drainCpu,
                against,
                defaults.drainCpu)),
        "a start is that of the process, until the bench has a message that was owed before",
        "the last drain is the fifth of the same relay");
  }

  private static void take(Stage stage, RelayJava java, Taken taken, Series warm) throws Exception {
    latency(stage, java, taken);
    drain(stage, java, taken, warm);
  }

  private static void latency(Stage stage, RelayJava java, Taken taken) throws Exception {
    AtomicReference<Latencies> current = new AtomicReference<>(new Latencies(0));
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> current.get().received(line))) {
      Orders orders = Orders.create(database, "cold", arrivals.uri(), "key");
      orders.owe(1);
      orders.resume();
      arrivals.expectFirst();
      long started = System.nanoTime();
      try (RelayProcess relay = stage.starting(database, java.flags())) {
        arrivals.await(1, NOTHING_NEW);
        taken.first.add((arrivals.firstNanos() - started) / 1e6);
        orders.awaitCompletion(NOTHING_NEW);
        orders.empty();
        Percentiles times =
            PacedCommits.write(database, orders, current, RATE, stage.size(RATE * 10, 20));
        taken.p50.add(times.millis(50));
        taken.p99.add(times.millis(99));
        orders.awaitCompletion(NOTHING_NEW);
        relay.requireWell();
      }
    }
  }

  private static void drain(Stage stage, RelayJava java, Taken taken, Series warm)
      throws Exception {
    int messages = drained(stage);
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database, java.flags(), List.of())) {
      Orders orders = Orders.create(database, "cold", arrivals.uri(), "key");
      RelayDrain drain = new RelayDrain(database, orders, arrivals, relay);
      orders.owe(messages);
      double before = Cpu.secondsOf(relay.pid());
      taken.drain.add(drain.drain(messages).perSecond());
      taken.drainCpu.add((Cpu.secondsOf(relay.pid()) - before) * 1e6 / messages);
      for (int i = 0; i < 3; i++) {
        drain.run(messages);
      }
      warm.add(drain.run(messages).perSecond());
    }
  }

  private static int drained(Stage stage) {
    return stage.size(100_000, 1_000);
  }
}
