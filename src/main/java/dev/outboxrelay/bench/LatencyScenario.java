// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;

/** How long a message takes from its commit to its receipt, when there is little to do. */
final class LatencyScenario implements Scenario {
  private static final int RATE = 200;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  /** The figures of one way. */
  private static final class Times {
    final Series p50 = new Series();
    final Series p99 = new Series();

    void add(Percentiles times) {
      p50.add(times.millis(50));
      p99.add(times.millis(99));
    }

    @Override
    public String toString() {
      return "p50 " + p50 + " ms, p99 " + p99 + " ms";
    }
  }

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public String title() {
    return "from the commit's answer at the writer to receipt, a commit at a time";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(RATE * 60, 50);
    int warmUp = stage.size(RATE * 2, 20);
    Times relayed = new Times();
    Times byHand = new Times();
    Times prompt = new Times();
    AtomicReference<Latencies> current = new AtomicReference<>(new Latencies(0));
    try (BenchDatabase database = stage.database();
        BenchDatabase floor = stage.database("floor");
        Arrivals arrivals = Arrivals.listen(line -> current.get().received(line));
        Arrivals floorArrivals = Arrivals.listen(line -> current.get().received(line));
        RelayProcess relay = stage.relay(database)) {
      Orders orders = Orders.create(database, "relayed", arrivals.uri(), "key");
      Orders floorOrders = Orders.create(floor, "floor", floorArrivals.uri(), "key");
      orders.resume();
      write(database, orders, current, stage.size(RATE * 10, 20));
      orders.awaitCompletion(NOTHING_NEW);
      for (int run = 1; run <= stage.runs(); run++) {
        Turns.take(
            run,
            () ->
                byHand.add(
                    loop(floor, floorOrders, floorArrivals, false, current, warmUp, messages)),
            () ->
                prompt.add(
                    loop(floor, floorOrders, floorArrivals, true, current, warmUp, messages)),
            () -> {
              write(database, orders, current, warmUp);
              orders.awaitCompletion(NOTHING_NEW);
              relayed.add(write(database, orders, current, messages));
              orders.awaitCompletion(NOTHING_NEW);
            });
        relay.requireWell();
        stage.say(
            String.format(
                Locale.ROOT,
                "latency %d/%d: %s; by hand %s; by hand without the driver's wait %s",
                run,
                stage.runs(),
                relayed,
                byHand,
                prompt));
      }
    }
    String floor = "LISTEN, SELECT, write by hand, without the driver's wait";
    String asIs = "the same with the driver as it is";
    return Result.of(
        List.of(
            Figure.against("p50", "ms", relayed.p50, floor, prompt.p50)
                .ratioAtMost(1.5)
                .atMost(1.5),
            Figure.against("p99", "ms", relayed.p99, floor, prompt.p99).ratioAtMost(1.5).atMost(5),
            Figure.against("p50", "ms", relayed.p50, asIs, byHand.p50),
            Figure.against("p99", "ms", relayed.p99, asIs, byHand.p99)),
        "the loops by hand run one at a time, in a database of their own, on one thread; they delete,"
            + " order and remember nothing, and every commit rings for them",
        "the driver waits up to a millisecond before it hands a notification over; the relay spares"
            + " itself that, so the loop that spares it too is the floor");
  }

  /** The latencies of a loop by hand, which runs only meanwhile. */
  private static Percentiles loop(
      BenchDatabase database,
      Orders orders,
      Arrivals arrivals,
      boolean prompt,
      AtomicReference<Latencies> current,
      int warmUp,
      int messages)
      throws Exception {
    try (BareLoop loop = BareLoop.start(database, orders.destination(), arrivals.port(), prompt)) {
      write(database, orders, current, warmUp);
      Percentiles times = write(database, orders, current, messages);
      loop.requireWell();
      return times;
    }
  }

  private static Percentiles write(
      BenchDatabase database, Orders orders, AtomicReference<Latencies> current, int messages)
      throws Exception {
    orders.empty();
    return PacedCommits.write(database, orders, current, RATE, messages);
  }
}
