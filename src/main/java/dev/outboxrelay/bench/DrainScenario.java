package dev.outboxrelay.bench;

import java.time.Duration;
import java.util.List;

/** How fast a backlog is delivered and completed, beside what the database alone allows. */
final class DrainScenario implements Scenario {
  private static final Duration NOTHING_NEW = Duration.ofSeconds(60);

  @Override
  public String name() {
    return "drain";
  }

  @Override
  public String title() {
    return "500,000 messages of 300 B owed, in order by key over 1,000 keys, each acknowledged and"
        + " completed";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(500_000, 3_000);
    Series subject = new Series();
    Series bare = new Series();
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database)) {
      Orders orders = Orders.create(database, "drain", arrivals.uri(), "key");
      RelayDrain relayDrain = new RelayDrain(database, orders, arrivals, relay, NOTHING_NEW);
      BareDrain bareDrain = new BareDrain(database, orders.destination());
      // Two processes that have just started would be compared by their compilers.
      relayDrain.run(messages / 2);
      bare(orders, bareDrain, messages / 2);
      for (int run = 1; run <= stage.runs(); run++) {
        bare.add(bare(orders, bareDrain, messages));
        subject.add(relayDrain.run(messages));
        stage.say(
            String.format(
                "drain %d/%d: %s messages/s, bare limit %s/s",
                run, stage.runs(), last(subject), last(bare)));
      }
    }
    Figure figure =
        Figure.against("drain", "messages/s", subject, "read and delete alone", bare)
            .ratioAtLeast(0.7)
            .atLeast(120_000);
    return Result.of(List.of(figure));
  }

  private static String last(Series series) {
    return Series.number(series.values().get(series.values().size() - 1));
  }

  private static double bare(Orders orders, BareDrain drain, int messages) throws Exception {
    orders.owe(messages);
    long started = System.nanoTime();
    long deleted = drain.run();
    double seconds = (System.nanoTime() - started) / 1e9;
    if (deleted != messages) {
      throw new IllegalStateException("deleted " + deleted + " of " + messages);
    }
    return messages / seconds;
  }
}
