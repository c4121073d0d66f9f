// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;

/** The first seconds of a relay's life: a fresh process for every figure. */
final class ColdScenario implements Scenario {
  private static final int RATE = 200;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  /** The figures of one way to start Java. */
  private static final class Taken {
    private final RelayJava java;
    private final Series first = new Series();
    private final Series firstCpu = new Series();
    private final Series p50 = new Series();
    private final Series p99 = new Series();
    private final Series drain = new Series();
    private final Series drainCpu = new Series();
    private final Series last = new Series();

    Taken(RelayJava java) {
      this.java = java;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s: first message after %s ms (CPU %s ms), p50 %s ms, p99 %s ms, drain %s/s",
          java.words(),
          first,
          firstCpu,
          p50,
          p99,
          drain);
    }
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
    List<Taken> all = stage.java().stream().map(Taken::new).toList();
    for (int run = 1; run <= stage.runs(); run++) {
      List<Turns.Turn> turns = new ArrayList<>();
      for (Taken taken : all) {
        turns.add(
            () -> {
              latency(stage, taken);
              drain(stage, taken);
            });
      }
      Turns.take(run, turns);
      for (Taken taken : all) {
        stage.say(String.format(Locale.ROOT, "cold %d/%d, %s", run, stage.runs(), taken));
      }
    }
    Taken shipped = all.get(0);
    List<Figure> figures = new ArrayList<>();
    for (Taken other : all.subList(1, all.size())) {
      figures.addAll(figures(stage, shipped, other));
    }
    figures.add(
        Figure.against(drainWords(stage), "messages/s", shipped.drain, "the last", shipped.last)
            .ratioAtLeast(0.8));
    return Result.of(
        figures,
        "a start is that of the process, until the bench has a message that was owed before",
        "the last drain is the fifth of the same relay");
  }

  private static List<Figure> figures(Stage stage, Taken shipped, Taken other) {
    String against = other.java.words();
    return List.of(
        Figure.against("start to first message", "ms", shipped.first, against, other.first)
            .atMost(1000),
        Figure.against("CPU until then", "ms", shipped.firstCpu, against, other.firstCpu),
        Figure.against("p50 of the first 10 s", "ms", shipped.p50, against, other.p50).atMost(1.5),
        Figure.against("p99 of the first 10 s", "ms", shipped.p99, against, other.p99).atMost(10),
        Figure.against(drainWords(stage), "messages/s", shipped.drain, against, other.drain),
        Figure.against(
            "the relay's CPU of it", "µs/message", shipped.drainCpu, against, other.drainCpu));
  }

  private static String drainWords(Stage stage) {
    return String.format(Locale.ROOT, "the first drain, of %,d", drained(stage));
  }

  private static void latency(Stage stage, Taken taken) throws Exception {
    AtomicReference<Latencies> current = new AtomicReference<>(new Latencies(0));
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> current.get().received(line))) {
      Orders orders = Orders.create(database, "cold", arrivals.uri(), "key");
      orders.owe(1);
      orders.resume();
      arrivals.expectFirst();
      long started = System.nanoTime();
      try (RelayProcess relay = stage.starting(database, taken.java.flags())) {
        arrivals.await(1, NOTHING_NEW);
        taken.firstCpu.add(Cpu.secondsOf(relay.pid()) * 1e3);
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

  private static void drain(Stage stage, Taken taken) throws Exception {
    int messages = drained(stage);
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database, taken.java.flags(), List.of())) {
      Orders orders = Orders.create(database, "cold", arrivals.uri(), "key");
      RelayDrain drain = new RelayDrain(database, orders, arrivals, relay);
      orders.owe(messages);
      double before = Cpu.secondsOf(relay.pid());
      taken.drain.add(drain.drain(messages).perSecond());
      taken.drainCpu.add((Cpu.secondsOf(relay.pid()) - before) * 1e6 / messages);
      for (int i = 0; i < 3; i++) {
        drain.run(messages);
      }
      taken.last.add(drain.run(messages).perSecond());
    }
  }

  private static int drained(Stage stage) {
    return stage.size(100_000, 1_000);
  }
}
