package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** A drain while another session's snapshot keeps every deleted row from being cleaned away. */
final class HorizonScenario implements Scenario {
  private static final int PARTS = 5;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  @Override
  public String name() {
    return "horizon";
  }

  @Override
  public String title() {
    return "1,000,000 messages drained while another session holds a snapshot";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(1_000_000, 2_000);
    int queued = messages / 5;
    Series first = new Series();
    Series last = new Series();
    Series queueFirst = new Series();
    Series queueLast = new Series();
    List<List<Double>> relayRates = new ArrayList<>();
    List<List<Double>> queueRates = new ArrayList<>();
    AtomicReference<Timeline> timeline = new AtomicReference<>(new Timeline(1, 1));
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> timeline.get().count());
        RelayProcess relay = stage.relay(database)) {
      Orders orders = Orders.create(database, "horizon", arrivals.uri(), "key");
      RelayDrain drain = new RelayDrain(database, orders, arrivals, relay, NOTHING_NEW);
      timeline.set(new Timeline(1, messages / 5));
      drain.run(messages / 5);
      for (int run = 1; run <= stage.runs(); run++) {
        Backlog backlog = new Backlog(database);
        backlog.owe("'horizon'", queued);
        try (Connection holder = snapshot(database)) {
          Timeline times = new Timeline(PARTS, queued);
          new SkipLockedDrain(database, orders.destination()).run(times);
          queueRates.add(times.rates());
          holder.rollback();
        }
        backlog.owe("'horizon'", messages);
        try (Connection holder = snapshot(database)) {
          Timeline times = new Timeline(PARTS, messages);
          timeline.set(times);
          times.start();
          drain.drain(messages);
          relayRates.add(times.rates());
          holder.rollback();
        }
        List<Double> mine = relayRates.get(run - 1);
        List<Double> theirs = queueRates.get(run - 1);
        first.add(mine.get(0));
        last.add(mine.get(PARTS - 1));
        queueFirst.add(theirs.get(0));
        queueLast.add(theirs.get(PARTS - 1));
        stage.say(
            "horizon "
                + run
                + "/"
                + stage.runs()
                + ": by fifths "
                + mine
                + ", skip locked "
                + theirs);
      }
    }
    return new Result(
        List.of(
            Figure.against("last fifth", "messages/s", last, "first fifth", first)
                .ratioAtLeast(0.9),
            Figure.against(
                "last fifth, skip locked", "messages/s", queueLast, "first fifth", queueFirst)),
        List.of(
            new Plot(
                "horizon",
                "Drain under a held snapshot, run 1",
                "share drained, percent",
                "messages/s",
                false,
                List.of(
                    line("relay, " + messages, relayRates.get(0)),
                    line("skip locked, " + queued, queueRates.get(0))))),
        List.of(
            "the queue that reads 'order by id limit 1000 for update skip locked' drains "
                + queued
                + " messages only: it slows down with the square of the number"));
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
