// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What a captured table costs its writers, while a relay delivers. */
final class WriterScenario implements Scenario {
  private static final int FEW = 16;
  private static final int MANY = 64;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  /** In its first minute a relay's JVM compiles, and takes what it needs from everybody. */
  private static final int WARM_UP_SLICES = 4;

  private enum Way {
    DOORBELL("the doorbell"),
    OFF("notify off"),
    EACH("NOTIFY each time"),
    ALONE("notify off, and a NOTIFY"),
    NONE("no capture");

    private final String words;

    Way(String words) {
      this.words = words;
    }
  }

  /** Where one way's clients write. */
  private record Side(Way way, BenchDatabase database, Orders orders, Arrivals arrivals) {
    static Side create(Way way, BenchDatabase database, Arrivals arrivals) throws SQLException {
      if (way == Way.NONE) {
        return new Side(way, database, Orders.uncaptured(database), arrivals);
      }
      String destination = way.name().toLowerCase(Locale.ROOT);
      Orders orders = Orders.create(database, destination, arrivals.uri(), "key");
      switch (way) {
        case EACH -> EachNotifies.ring(database, orders.table(), destination);
        case ALONE -> EachNotifies.install(database, orders.table());
        default -> {}
      }
      orders.resume();
      return new Side(way, database, orders, arrivals);
    }

    /** Writes for a time, and waits until all that is captured is delivered. */
    Slice write(int clients, Duration time, AtomicLong numbers) throws Exception {
      long before = arrivals.count();
      Writers.Work work = write(writers(clients), time, numbers);
      long inTime = arrivals.count() - before;
      if (way != Way.NONE) {
        orders.awaitCompletion(NOTHING_NEW);
      }
      long arrived = arrivals.count() - before;
      if (arrived != (way == Way.NONE ? 0 : work.commits())) {
        throw new IllegalStateException(
            arrived + " messages came of " + work.commits() + " commits, " + way.words);
      }
      return new Slice(work, 100.0 * inTime / work.commits());
    }

    /** Where the doorbell's notifications are left out, a relay finds out by looking. */
    private Writers writers(int clients) {
      boolean silent = way == Way.OFF || way == Way.ALONE;
      return new Writers(database, silent ? "set outbox.notify = off" : "select 1", clients);
    }

    private Writers.Work write(Writers writers, Duration time, AtomicLong numbers)
        throws Exception {
      if (way != Way.ALONE) {
        return writers.forTime(time, numbers, orders.inserts());
      }
      try (EachNotifies each = EachNotifies.listen(database)) {
        Writers.Work work = writers.forTime(time, numbers, orders.inserts());
        each.awaitOne(NOTHING_NEW);
        return work;
      }
    }
  }

  /**
   * What came of one turn.
   *
   * @param deliveredPercent how many of the messages were delivered when the clients stopped
   */
  private record Slice(Writers.Work work, double deliveredPercent) {}

  /** The figures of one way at one number of clients. */
  private static final class Taken {
    final Series rate = new Series();
    final Series p50 = new Series();
    final Series p99 = new Series();
    final Series delivered = new Series();

    void add(Slice slice) {
      rate.add(slice.work().perSecond());
      p50.add(slice.work().commitTimes().millis(50));
      p99.add(slice.work().commitTimes().millis(99));
      delivered.add(slice.deliveredPercent());
    }
  }

  @Override
  public String name() {
    return "writer";
  }

  @Override
  public String title() {
    return "one-row transactions of one and of many clients, while a relay delivers";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    Duration slice = Duration.ofMillis(stage.size(8000, 40));
    int[] sizes = {1, stage.size(FEW, 2), stage.size(MANY, 4)};
    List<Map<Way, Taken>> taken = new ArrayList<>();
    try (BenchDatabase database = stage.database();
        BenchDatabase silent = stage.database("silent");
        Arrivals arrivals = Arrivals.listen(line -> {});
        Arrivals silentArrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database);
        RelayProcess polling = stage.relay(silent, List.of(), List.of("--poll", "20ms"))) {
      Map<Way, Side> sides = new EnumMap<>(Way.class);
      for (Way way : Way.values()) {
        boolean polled = way == Way.OFF || way == Way.ALONE;
        sides.put(
            way,
            polled
                ? Side.create(way, silent, silentArrivals)
                : Side.create(way, database, arrivals));
      }
      AtomicLong numbers = new AtomicLong();
      for (int i = 0; i < WARM_UP_SLICES; i++) {
        for (Way way : List.of(Way.OFF, Way.DOORBELL)) {
          sides.get(way).write(sizes[1], slice, numbers);
        }
      }
      for (int clients : sizes) {
        Map<Way, Taken> here = new EnumMap<>(Way.class);
        taken.add(here);
        for (Way way : Way.values()) {
          here.put(way, new Taken());
          sides.get(way).write(clients, slice.dividedBy(4), numbers);
        }
        for (int run = 1; run <= stage.runs(); run++) {
          List<Turns.Turn> turns = new ArrayList<>();
          for (Way way : Way.values()) {
            turns.add(() -> here.get(way).add(sides.get(way).write(clients, slice, numbers)));
          }
          Turns.take(run, turns);
          StringBuilder line = new StringBuilder();
          here.forEach(
              (way, figures) ->
                  line.append(", ").append(way.words).append(' ').append(figures.rate));
          relay.requireWell();
          polling.requireWell();
          stage.say("writer " + run + "/" + stage.runs() + ", clients " + clients + line);
        }
      }
    }
    return result(sizes, taken);
  }

  private static Result result(int[] sizes, List<Map<Way, Taken>> taken) {
    List<Figure> figures = new ArrayList<>();
    for (int at = 0; at < sizes.length; at++) {
      Map<Way, Taken> here = taken.get(at);
      String clients = sizes[at] + (sizes[at] == 1 ? " client" : " clients");
      Taken subject = here.get(Way.DOORBELL);
      figures.add(rate(clients, subject, Way.OFF, here).ratioAtLeast(0.93));
      Figure each = rate(clients, subject, Way.EACH, here);
      figures.add(sizes[at] == 1 ? each : each.ratioAtLeast(3));
      figures.add(rate(clients, subject, Way.ALONE, here));
      figures.add(rate(clients, subject, Way.NONE, here));
      Taken off = here.get(Way.OFF);
      figures.add(Figure.against("p50, " + clients, "ms", subject.p50, Way.OFF.words, off.p50));
      figures.add(Figure.against("p99, " + clients, "ms", subject.p99, Way.OFF.words, off.p99));
      figures.add(
          Figure.against(
              "delivered when the clients stop, " + clients,
              "%",
              subject.delivered,
              Way.OFF.words,
              off.delivered));
    }
    List<Plot.Line> lines = new ArrayList<>();
    for (Way way : Way.values()) {
      List<Plot.Point> points = new ArrayList<>();
      for (int at = 0; at < sizes.length; at++) {
        points.add(new Plot.Point(sizes[at], taken.get(at).get(way).rate.median()));
      }
      lines.add(new Plot.Line(way.words, points));
    }
    Plot plot =
        new Plot("writer", "What capture costs the writers", "clients", "commits/s", true, lines);
    return new Result(
        figures,
        List.of(plot),
        List.of(
            "every way but 'no capture' has a relay that delivers meanwhile; that of 'notify off'"
                + " runs with --poll 20ms, since nobody rings",
            "'NOTIFY each time' has one more trigger, which rings the relay for every statement, as a"
                + " capture without a doorbell would; the relay answers each bell, and that is in it",
            "'notify off, and a NOTIFY' is 'notify off', its relay included, with one more trigger,"
                + " which notifies a session that listens: what the notification alone costs"));
  }

  private static Figure rate(String clients, Taken subject, Way way, Map<Way, Taken> here) {
    return Figure.against(
        "rate, " + clients, "commits/s", subject.rate, way.words, here.get(way).rate);
  }
}
