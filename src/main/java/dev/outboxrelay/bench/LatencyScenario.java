package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/** How long a message takes from its commit to its receipt, when there is little to do. */
final class LatencyScenario implements Scenario {
  private static final int RATE = 200;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public String title() {
    return "200 commits/s for 60 s: from the commit's answer at the writer to receipt";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(RATE * 60, 50);
    Series relayP50 = new Series();
    Series relayP99 = new Series();
    Series floorP50 = new Series();
    Series floorP99 = new Series();
    Series promptP50 = new Series();
    AtomicReference<Latencies> current = new AtomicReference<>(new Latencies(0));
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> current.get().received(line));
        RelayProcess relay = stage.relay(database)) {
      Orders relayed = Orders.create(database, "relayed", arrivals.uri(), "key");
      Orders floored = Orders.create(database, "floor", arrivals.uri(), "key");
      Orders prompted = Orders.create(database, "prompt", arrivals.uri(), "key");
      relayed.resume();
      try (BareLoop floor =
              BareLoop.start(database, floored.destination(), arrivals.port(), false);
          BareLoop prompt =
              BareLoop.start(database, prompted.destination(), arrivals.port(), true)) {
        write(database, relayed, current, stage.size(RATE * 5, 20));
        write(database, floored, current, stage.size(RATE * 5, 20));
        write(database, prompted, current, stage.size(RATE * 5, 20));
        for (int run = 1; run <= stage.runs(); run++) {
          Percentiles floorTimes = write(database, floored, current, messages);
          Percentiles relayTimes = write(database, relayed, current, messages);
          Percentiles promptTimes = write(database, prompted, current, messages);
          floor.requireWell();
          prompt.requireWell();
          promptP50.add(promptTimes.millis(50));
          relay.requireWell();
          floorP50.add(floorTimes.millis(50));
          floorP99.add(floorTimes.millis(99));
          relayP50.add(relayTimes.millis(50));
          relayP99.add(relayTimes.millis(99));
          stage.say(
              String.format(
                  "latency %d/%d: p50 %.2f ms, p99 %.2f ms, max %.2f ms; floor p50 %.2f ms, p99"
                      + " %.2f ms; without the driver's wait p50 %.2f ms",
                  run,
                  stage.runs(),
                  relayTimes.millis(50),
                  relayTimes.millis(99),
                  relayTimes.millis(100),
                  floorTimes.millis(50),
                  floorTimes.millis(99),
                  promptTimes.millis(50)));
        }
      }
    }
    List<Figure> figures = new ArrayList<>();
    figures.add(
        Figure.against("p50", "ms", relayP50, "LISTEN, SELECT, write by hand", floorP50)
            .ratioAtMost(1.5)
            .atMost(1.5));
    figures.add(
        Figure.against("p99", "ms", relayP99, "LISTEN, SELECT, write by hand", floorP99)
            .ratioAtMost(1.5)
            .atMost(5));
    figures.add(Figure.of("p50 of the floor without the driver's wait", "ms", promptP50));
    return Result.of(figures);
  }

  private static Percentiles write(
      BenchDatabase database, Orders orders, AtomicReference<Latencies> current, int messages)
      throws Exception {
    database.execute(
        "truncate " + orders.table(),
        "delete from outbox.message where destination = '" + orders.destination() + "'");
    Latencies latencies = new Latencies(messages);
    current.set(latencies);
    try (Connection c = database.connect();
        PreparedStatement s = c.prepareStatement(orders.insertOne())) {
      long start = System.nanoTime();
      for (int number = 1; number <= messages; number++) {
        long due = start + number * 1_000_000_000L / RATE;
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        s.setLong(1, number);
        s.executeUpdate();
        latencies.committed(number);
      }
    }
    latencies.await(NOTHING_NEW);
    if (latencies.repeated() > 0) {
      throw new IllegalStateException(
          latencies.repeated() + " messages came twice to " + orders.destination());
    }
    return latencies.percentiles();
  }
}
