// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Transports beside TCP and beside themselves without a database: a drain in order by key, and the
 * time from a commit to its completion. What they lead to is there already.
 */
final class TransportsScenario implements Scenario {
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);
  private static final int WARM_UPS = 2;

  /** The newest rows are completed last, near enough. */
  private static final long LAST_IDS = 20_000;

  /** Kafka's own bound. */
  private static final int KAFKA_A_SECOND = 50_000;

  /** The figures of one transport. */
  private static final class Way {
    final Orders orders;
    final TransportAlone alone;
    final String scheme;
    final Series drain = new Series();
    final Series byItself = new Series();
    final Series p50 = new Series();
    final Series p99 = new Series();

    Way(BenchDatabase database, int number, OfferedTransport offered) throws SQLException {
      scheme = offered.scheme();
      String name = "way" + number;
      orders = Orders.create(database, name, offered.uri(), "key");
      database.execute(
          "update outbox.destination set options = '"
              + offered.options().replace("'", "''")
              + "' where name = '"
              + name
              + "'");
      alone = new TransportAlone(name, offered);
    }
  }

  @Override
  public String name() {
    return "transports";
  }

  @Override
  public String title() {
    return "a drain of messages of 300 B in order by key, and commits one at a time, over each"
        + " transport";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(200_000, 300);
    int commits = stage.size(1000, 10);
    List<Way> ways = new ArrayList<>();
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database)) {
      ways.add(new Way(database, 1, OfferedTransport.parse(arrivals.uri())));
      for (String given : stage.transports()) {
        ways.add(new Way(database, ways.size() + 1, OfferedTransport.parse(given)));
      }
      for (Way way : ways) {
        for (int i = 0; i < WARM_UPS; i++) {
          drain(database, way.orders, messages);
          way.alone.run(messages);
        }
      }
      for (int run = 1; run <= stage.runs(); run++) {
        List<Turns.Turn> turns = new ArrayList<>();
        for (Way way : ways) {
          turns.add(() -> way.drain.add(drain(database, way.orders, messages)));
          turns.add(() -> way.byItself.add(way.alone.run(messages)));
          turns.add(() -> commits(database, way, commits));
        }
        Turns.take(run, turns);
        relay.requireWell();
        for (Way way : ways) {
          stage.say(
              String.format(
                  Locale.ROOT,
                  "transports %d/%d: %s %s messages/s, alone %s/s, p50 %s ms",
                  run,
                  stage.runs(),
                  way.scheme,
                  way.drain,
                  way.byItself,
                  way.p50));
        }
      }
    }
    return result(ways);
  }

  private static Result result(List<Way> ways) {
    Way tcp = ways.get(0);
    List<Figure> figures = new ArrayList<>();
    for (Way way : ways) {
      boolean overTcp = way == tcp || tcp.drain.median() < way.byItself.median();
      Figure drain =
          way == tcp
              ? Figure.against(
                  "drain over tcp", "messages/s", way.drain, "alone, no database", way.byItself)
              : Figure.against(
                      "drain over " + way.scheme,
                      "messages/s",
                      way.drain,
                      overTcp ? "the slower of the two: tcp" : "the slower of the two: alone",
                      overTcp ? tcp.drain : way.byItself)
                  .ratioAtLeast(0.7);
      figures.add(way.scheme.endsWith("kafka") ? drain.atLeast(KAFKA_A_SECOND) : drain);
      figures.add(Figure.of(way.scheme + " alone, no database", "messages/s", way.byItself));
      figures.add(Figure.against("p50 over " + way.scheme, "ms", way.p50, "tcp", tcp.p50));
      figures.add(Figure.against("p99 over " + way.scheme, "ms", way.p99, "tcp", tcp.p99));
    }
    return Result.of(
        figures,
        "\"alone\" sends messages from memory by the relay's own client, up to 1,000 unanswered",
        "a commit's time is from its answer at the writer to its row's being off the table, which"
            + " is looked for without a pause");
  }

  private static double drain(BenchDatabase database, Orders orders, int messages)
      throws Exception {
    orders.owe(messages);
    long last = database.number("select max(id) from outbox.pending");
    long resumed = System.nanoTime();
    orders.resume();
    Patience waiting = new Patience(NOTHING_NEW);
    try (Connection c = database.connect();
        PreparedStatement s =
            c.prepareStatement("select count(*) from outbox.pending where id > ?")) {
      s.setLong(1, last - LAST_IDS);
      for (long left = count(s); left > 0; left = count(s)) {
        waiting.await(left, left + " messages are not completed");
      }
    }
    double perSecond = messages / ((System.nanoTime() - resumed) / 1e9);
    orders.pause();
    long owed = orders.owed();
    if (owed != 0) {
      throw new IllegalStateException(owed + " messages are still owed");
    }
    return perSecond;
  }

  private static void commits(BenchDatabase database, Way way, int commits) throws Exception {
    way.orders.empty();
    way.orders.resume();
    long[] nanos = new long[commits];
    try (Connection c = database.connect();
        PreparedStatement insert = c.prepareStatement(way.orders.insertOne());
        PreparedStatement left = c.prepareStatement("select count(*) from outbox.pending")) {
      for (int number = 0; number < commits; number++) {
        insert.setLong(1, number + 1);
        insert.executeUpdate();
        long committed = System.nanoTime();
        while (count(left) > 0) {
          if (System.nanoTime() - committed > NOTHING_NEW.toNanos()) {
            throw new IllegalStateException("a message over " + way.scheme + " is not completed");
          }
        }
        nanos[number] = System.nanoTime() - committed;
      }
    }
    way.orders.pause();
    Percentiles times = new Percentiles(nanos);
    way.p50.add(times.millis(50));
    way.p99.add(times.millis(99));
  }

  private static long count(PreparedStatement statement) throws SQLException {
    try (ResultSet r = statement.executeQuery()) {
      r.next();
      return r.getLong(1);
    }
  }
}
