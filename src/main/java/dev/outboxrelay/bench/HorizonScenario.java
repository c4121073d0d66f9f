// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A drain while another session's snapshot keeps every deleted row from being cleaned away, and how
 * the relay does afterwards, when the table is analysed as the empty one that it is.
 */
final class HorizonScenario implements Scenario {
  private static final int RATE = 200;

  /** So that a sweep comes in each second that is looked at. */
  private static final List<String> SWEEPING = List.of("--sweep", "1s");

  /** What the relay takes while there is little to do. */
  private static final class Calm {
    final Series p50 = new Series();
    final Series p99 = new Series();
    final Series sweep = new Series();

    void measure(
        Stage stage, BenchDatabase database, Orders orders, AtomicReference<Latencies> current)
        throws Exception {
      orders.resume();
      String empty = "truncate " + orders.table();
      database.execute(empty);
      PacedCommits.write(database, orders, current, RATE, stage.size(RATE, 10));
      database.execute(empty);
      Percentiles times =
          PacedCommits.write(database, orders, current, RATE, stage.size(RATE * 20, 20));
      p50.add(times.millis(50));
      p99.add(times.millis(99));
      int seconds = stage.size(20, 2);
      double before = stage.serverCpu();
      TimeUnit.SECONDS.sleep(seconds);
      sweep.add(1000 * (stage.serverCpu() - before) / seconds);
    }

    @Override
    public String toString() {
      return "p50 " + p50 + " ms, p99 " + p99 + " ms, CPU a second " + sweep + " ms";
    }
  }

  @Override
  public String name() {
    return "horizon";
  }

  @Override
  public String title() {
    return "a drain while another session holds a snapshot, by fifths";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(1_000_000, 2_000);
    int queued = messages / 5;
    Fifths relayed = new Fifths();
    Fifths skipLocked = new Fifths();
    Calm calm = new Calm();
    Calm held = new Calm();
    AtomicReference<Timeline> timeline = new AtomicReference<>(Timeline.endless());
    AtomicReference<Latencies> current = new AtomicReference<>(new Latencies(0));
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> timeline.get().count());
        Arrivals watched = Arrivals.listen(line -> current.get().received(line));
        RelayProcess relay = stage.relay(database, List.of(), SWEEPING)) {
      Orders orders = Orders.create(database, "watched", watched.uri(), "key");
      Backlog backlog = Backlog.create(database, arrivals.uri(), 1);
      RelayDrain drain = new RelayDrain(database, backlog, arrivals, relay);
      drain.warmUp(messages / 2);
      Turns.Turn queueTurn =
          () -> {
            backlog.owe(queued);
            Timeline times = new Timeline(Fifths.PARTS, queued);
            try (Connection holder = snapshot(database)) {
              new SkipLockedDrain(database, "d1").run(times);
              holder.rollback();
            }
            skipLocked.add(times);
          };
      Turns.Turn relayTurn =
          () -> {
            calm.measure(stage, database, orders, current);
            backlog.owe(messages);
            Timeline times = new Timeline(Fifths.PARTS, messages);
            timeline.set(times);
            try (Connection holder = snapshot(database)) {
              times.end(drain.drain(messages).completedNanos());
              database.execute("analyze outbox.pending");
              held.measure(stage, database, orders, current);
              holder.rollback();
            }
            relayed.add(times);
          };
      for (int run = 1; run <= stage.runs(); run++) {
        Turns.take(run, queueTurn, relayTurn);
        stage.say(
            String.format(
                Locale.ROOT,
                "horizon %d/%d: by fifths %s; skip locked %s; before: %s; held: %s",
                run,
                stage.runs(),
                relayed,
                skipLocked,
                calm,
                held));
      }
    }
    return new Result(
        List.of(
            Figure.against(
                    "last fifth", "messages/s", relayed.last(), "first fifth", relayed.first())
                .ratioAtLeast(0.9),
            Figure.against(
                "last fifth, skip locked",
                "messages/s",
                skipLocked.last(),
                "first fifth",
                skipLocked.first()),
            Figure.against("p50 after the drain", "ms", held.p50, "before it", calm.p50)
                .ratioAtMost(1.5),
            Figure.against("p99 after the drain", "ms", held.p99, "before it", calm.p99),
            Figure.against(
                    "PostgreSQL's CPU a second, with a sweep, after the drain",
                    "ms",
                    held.sweep,
                    "before it",
                    calm.sweep)
                .atMost(20)),
        List.of(
            new Plot(
                "horizon",
                "Drain under a held snapshot, the run of the median ratio",
                "share drained, percent",
                "messages/s",
                false,
                List.of(
                    line("relay, " + Series.number(messages), relayed.medianRun()),
                    line("skip locked, " + Series.number(queued), skipLocked.medianRun())))),
        List.of(
            "the first fifth begins with the first receipt, at a relay that is up and warm; the last"
                + " ends when the last row is off the table; those between are timed by receipts",
            "the queue that reads 'order by id limit 1000 for update skip locked' drains "
                + Series.number(queued)
                + " messages only: it slows down with the square of the number",
            "after the drain the table is analysed and the snapshot still held; p50 and p99 are of "
                + RATE
                + " commits/s",
            "the relay runs with --sweep 1s; the CPU is that of seconds in which nobody writes"));
  }

  private static Plot.Line line(String label, List<Double> rates) {
    List<Plot.Point> points = new ArrayList<>();
    for (int part = 0; part < rates.size(); part++) {
      points.add(new Plot.Point(100.0 * (part + 1) / rates.size(), rates.get(part)));
    }
    return new Plot.Line(label, points);
  }

  /** A session whose snapshot is taken and kept. */
  private static Connection snapshot(BenchDatabase database) throws SQLException {
    Connection connection = database.connect();
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    try (Statement s = connection.createStatement()) {
      s.execute("select count(*) from outbox.destination");
    }
    return connection;
  }
}
