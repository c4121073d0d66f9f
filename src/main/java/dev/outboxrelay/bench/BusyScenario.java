// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Who uses the CPU of a machine that has none to spare: 32 clients commit as fast as it goes, while
 * a relay that has just been started delivers, and once more when it is warm.
 */
final class BusyScenario implements Scenario {
  private static final int CLIENTS = 32;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  /** The figures of one kind of turn. */
  private static final class Taken {
    private final Series rate = new Series();
    private final Series compilers = new Series();
    private final Series relay = new Series();
    private final Series sessions = new Series();
    private final Series server = new Series();
    private final Series bench = new Series();

    void add(Writers.Work work, CpuShares used) {
      rate.add(work.perSecond());
      compilers.add(used.compilers());
      relay.add(used.relay());
      sessions.add(used.sessions());
      server.add(used.server());
      bench.add(used.bench());
    }
  }

  /** The figures of one way to start Java. */
  private record Way(RelayJava java, Taken fresh, Taken warm) {
    Way(RelayJava java) {
      this(java, new Taken(), new Taken());
    }
  }

  @Override
  public String name() {
    return "busy";
  }

  @Override
  public String title() {
    return "CPU a message while 32 clients commit as fast as it goes, by who uses it";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    Duration slice = Duration.ofMillis(stage.size(15_000, 100));
    List<Way> ways = stage.java().stream().map(Way::new).toList();
    Series plain = new Series();
    Series captured = new Series();
    for (int run = 1; run <= stage.runs(); run++) {
      List<Turns.Turn> turns = new ArrayList<>();
      for (Way way : ways) {
        turns.add(() -> delivering(stage, slice, way));
      }
      turns.add(() -> alone(stage, slice, plain, captured));
      Turns.take(run, turns);
      say(stage, run, ways, plain, captured);
    }
    Way shipped = ways.get(0);
    List<Figure> figures = new ArrayList<>();
    for (Way other : ways.subList(1, ways.size())) {
      String against = other.java.words();
      figures.addAll(figures("first 15 s", shipped.fresh, against, other.fresh, 30));
      figures.addAll(figures("warm", shipped.warm, against, other.warm, 12));
    }
    Taken warm = shipped.warm;
    figures.add(Figure.of("the relay's sessions, warm", "µs/message", warm.sessions).atMost(12));
    figures.add(
        Figure.against("commits, delivering, warm", "commits/s", warm.rate, "no relay", captured)
            .ratioAtLeast(0.9));
    figures.add(
        Figure.against("commits, delivering, warm", "commits/s", warm.rate, "no capture", plain)
            .ratioAtLeast(0.5));
    return Result.of(
        figures,
        "CPU is that of a whole turn, until the last message is off the table; commits/s are those"
            + " of the clients' time alone",
        "the receiver is a thread of the bench's process, whose CPU is that of the clients too");
  }

  private static void say(Stage stage, int run, List<Way> ways, Series plain, Series captured) {
    for (Way way : ways) {
      stage.say(
          String.format(
              Locale.ROOT,
              "busy %d/%d, %s: the relay's process %s µs a message at first, %s warm; its sessions"
                  + " %s and %s; commits/s %s delivering, %s without a relay, %s without capture",
              run,
              stage.runs(),
              way.java.words(),
              way.fresh.relay,
              way.warm.relay,
              way.fresh.sessions,
              way.warm.sessions,
              way.warm.rate,
              captured,
              plain));
    }
  }

  private static List<Figure> figures(
      String when, Taken taken, String against, Taken other, double relay) {
    String unit = "µs/message";
    return List.of(
        Figure.against("relay's process, " + when, unit, taken.relay, against, other.relay)
            .atMost(relay),
        Figure.against("its compilers, " + when, unit, taken.compilers, against, other.compilers),
        Figure.against("its sessions, " + when, unit, taken.sessions, against, other.sessions),
        Figure.against(
            "the rest of PostgreSQL, " + when, unit, taken.server, against, other.server),
        Figure.against("clients, receiver, " + when, unit, taken.bench, against, other.bench),
        Figure.against("commits, " + when, "commits/s", taken.rate, against, other.rate));
  }

  /** A relay's first turn, and another one when it has had two more to warm up. */
  private static void delivering(Stage stage, Duration slice, Way way) throws Exception {
    OptionalLong postmaster = stage.postmaster();
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database, way.java.flags(), List.of())) {
      Orders orders = Orders.create(database, "busy", arrivals.uri(), "key");
      orders.resume();
      AtomicLong numbers = new AtomicLong();
      turn(database, orders, slice, numbers, postmaster, relay, way.fresh);
      turn(database, orders, slice.multipliedBy(2), numbers, postmaster, relay, new Taken());
      turn(database, orders, slice, numbers, postmaster, relay, way.warm);
      relay.requireWell();
    }
  }

  private static void turn(
      BenchDatabase database,
      Orders orders,
      Duration slice,
      AtomicLong numbers,
      OptionalLong postmaster,
      RelayProcess relay,
      Taken taken)
      throws Exception {
    CpuShares before = CpuShares.now(database, postmaster, relay);
    Writers.Work work =
        new Writers(database, "select 1", CLIENTS).forTime(slice, numbers, orders.inserts());
    orders.awaitCompletion(NOTHING_NEW);
    taken.add(work, CpuShares.now(database, postmaster, relay).since(before, work.commits()));
  }

  /** The same clients without capture, and captured without a relay. */
  private static void alone(Stage stage, Duration slice, Series plain, Series captured)
      throws Exception {
    try (BenchDatabase database = stage.database()) {
      Orders orders = Orders.create(database, "unread", "tcp://127.0.0.1:1", "key");
      orders.resume();
      plain.add(commits(database, Orders.uncaptured(database), slice));
      captured.add(commits(database, orders, slice));
    }
  }

  private static double commits(BenchDatabase database, Orders orders, Duration slice)
      throws SQLException, Exception {
    return new Writers(database, "select 1", CLIENTS)
        .forTime(slice, new AtomicLong(), orders.inserts())
        .perSecond();
  }
}
