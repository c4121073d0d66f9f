package dev.outboxrelay.bench;

import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Many destinations at once, beside one. */
final class ManyScenario implements Scenario {
  private static final int RATE = 5000;
  private static final int MESSAGES_A_COMMIT = 10;
  private static final int CLIENTS = 8;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  @Override
  public String name() {
    return "many";
  }

  @Override
  public String title() {
    return "5,000 messages/s offered for 20 s and spread over 1,000 destinations, beside one";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int destinations = stage.size(1000, 5);
    int messages = stage.size(RATE * 20, 500);
    int owed = stage.size(100_000, 200);
    Series spread = new Series();
    Series one = new Series();
    Series spreadDrain = new Series();
    Series oneDrain = new Series();
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database)) {
      Backlog backlog = new Backlog(database);
      database.execute(
          "insert into outbox.destination (name, uri) select 'd' || g, '"
              + arrivals.uri()
              + "' from generate_series(1, "
              + destinations
              + ") g");
      String any = "'d' || (1 + g % " + destinations + ")";
      offer(database, arrivals, destinations, stage.size(RATE, 100));
      for (int run = 1; run <= stage.runs(); run++) {
        one.add(offer(database, arrivals, 1, messages));
        spread.add(offer(database, arrivals, destinations, messages));
        oneDrain.add(drain(database, backlog, arrivals, "'d1'", owed));
        spreadDrain.add(drain(database, backlog, arrivals, any, owed));
        relay.requireWell();
        stage.say(
            "many "
                + run
                + "/"
                + stage.runs()
                + ": "
                + spread
                + " beside "
                + one
                + "; drain "
                + spreadDrain
                + " beside "
                + oneDrain);
      }
    }
    return Result.of(
        List.of(
            Figure.against(
                    "delivered of 5,000/s offered", "messages/s", spread, "1 destination", one)
                .ratioAtLeast(0.5),
            Figure.against(
                    "drain of " + Series.number(owed),
                    "messages/s",
                    spreadDrain,
                    "1 destination",
                    oneDrain)
                .ratioAtLeast(0.5)),
        "ten messages a transaction, published with outbox.publish by 8 clients");
  }

  /** Offers messages at the rate; returns how many a second were delivered. */
  private static double offer(
      BenchDatabase database, Arrivals arrivals, int destinations, int messages) throws Exception {
    long before = arrivals.count();
    long started = System.nanoTime();
    new Writers(database, "select 1", CLIENTS)
        .atRate(
            RATE / MESSAGES_A_COMMIT,
            messages / MESSAGES_A_COMMIT,
            connection -> {
              PreparedStatement publish =
                  connection.prepareStatement(
                      "select count(outbox.publish('d' || (1 + (?::bigint * "
                          + MESSAGES_A_COMMIT
                          + " + g) % "
                          + destinations
                          + "), json_build_object('id', g, 'note', repeat('abcdefghij', 25)),"
                          + " key => (g % 1000)::text)) from generate_series(1, "
                          + MESSAGES_A_COMMIT
                          + ") g");
              return number -> {
                publish.setLong(1, number);
                publish.execute();
              };
            });
    arrivals.await(before + messages, NOTHING_NEW);
    return messages / ((System.nanoTime() - started) / 1e9);
  }

  private static double drain(
      BenchDatabase database, Backlog backlog, Arrivals arrivals, String destination, int messages)
      throws Exception {
    database.execute("update outbox.destination set paused = true");
    TimeUnit.SECONDS.sleep(1);
    backlog.owe(destination, messages);
    long before = arrivals.count();
    long started = System.nanoTime();
    database.execute("update outbox.destination set paused = false");
    arrivals.await(before + messages, NOTHING_NEW);
    double rate = messages / ((System.nanoTime() - started) / 1e9);
    Patience waiting = new Patience(NOTHING_NEW);
    for (long left = owed(database); left > 0; left = owed(database)) {
      waiting.await(left, left + " messages are not completed");
    }
    return rate;
  }

  private static long owed(BenchDatabase database) throws Exception {
    return database.number("select count(*) from outbox.message");
  }
}
