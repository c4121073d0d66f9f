package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;

/** A drain while another session's snapshot keeps every deleted row from being cleaned away. */
final class HorizonScenario implements Scenario {
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
    AtomicReference<Timeline> timeline = new AtomicReference<>(Timeline.endless());
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> timeline.get().count());
        RelayProcess relay = stage.relay(database)) {
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
            backlog.owe(messages);
            Timeline times = new Timeline(Fifths.PARTS, messages);
            timeline.set(times);
            try (Connection holder = snapshot(database)) {
              times.end(drain.drain(messages).completedNanos());
              holder.rollback();
            }
            relayed.add(times);
          };
      for (int run = 1; run <= stage.runs(); run++) {
        Turns.take(run, queueTurn, relayTurn);
        stage.say(
            String.format(
                Locale.ROOT,
                "horizon %d/%d: by fifths %s; skip locked %s",
                run,
                stage.runs(),
                relayed,
                skipLocked));
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
                skipLocked.first())),
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
