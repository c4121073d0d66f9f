// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What a message costs beside time, at its writer and in a drain. */
final class CostScenario implements Scenario {
  /** An idle session reports what it did ten seconds late at most. */
  private static final int REPORT_MILLIS = 11_000;

  private static final String ALLOCATED = "jvm_gc_memory_allocated_bytes_total ";

  @Override
  public String name() {
    return "cost";
  }

  @Override
  public String title() {
    return "WAL, dead rows, statements and allocations of a message, written and drained";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(500_000, 1_000);
    Series writerWal = new Series();
    Series uncapturedWal = new Series();
    Series wal = new Series();
    Series dead = new Series();
    Series statements = new Series();
    Series allocated = new Series();
    int reportMillis = stage.size(REPORT_MILLIS, 100);
    int port = freePort();
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay =
            stage.relay(
                database,
                List.of(),
                List.of("--http-port", Integer.toString(port), "--http-host", "127.0.0.1"))) {
      Orders uncaptured = Orders.uncaptured(database);
      Orders orders = Orders.create(database, "cost", arrivals.uri(), "key");
      RelayDrain drain = new RelayDrain(database, orders, arrivals, relay);
      drain.run(messages / 5);
      for (int run = 1; run <= stage.runs(); run++) {
        uncapturedWal.add(walOfInsert(database, uncaptured, messages));
        writerWal.add(walOfInsert(database, orders, messages));
        orders.settle();
        TimeUnit.MILLISECONDS.sleep(reportMillis);
        long walBefore = wal(database);
        long deadBefore = dead(database);
        long statementsBefore = statements(database);
        double allocatedBefore = allocated(port);
        long polls = drain.polls();
        drain.drain(messages);
        long walAfter = wal(database);
        TimeUnit.MILLISECONDS.sleep(reportMillis);
        wal.add((double) (walAfter - walBefore) / messages);
        dead.add((double) (dead(database) - deadBefore) / messages);
        long own = drain.polls() - polls;
        statements.add((double) (statements(database) - statementsBefore - own) / messages);
        allocated.add((allocated(port) - allocatedBefore) / messages);
        stage.say(
            "cost " + run + "/" + stage.runs() + ": WAL " + wal + " B, statements " + statements);
      }
    }
    return Result.of(
        List.of(
            Figure.of("statements of the drain", "a message", statements).atMost(0.01),
            Figure.against(
                "WAL of the writer", "bytes/row", writerWal, "no capture", uncapturedWal),
            Figure.of("WAL of the drain", "bytes/message", wal),
            Figure.of("dead rows: updates and deletes in outbox.pending", "a message", dead),
            Figure.of("allocated by the relay", "bytes/message", allocated)),
        "statements are the database's committed transactions, those of the bench's own look at"
            + " the table taken off; each of the relay's statements is one",
        "the writer's rows go in by statements of 1,000; its WAL is that of the row and, captured, of"
            + " the message",
        "allocations are counted at garbage collections, so to one young generation of the relay's"
            + " heap exactly");
  }

  /** What the rows of a table, and the messages of it when it is captured, make of WAL. */
  private static double walOfInsert(BenchDatabase database, Orders orders, int rows)
      throws Exception {
    orders.empty();
    orders.settle();
    long before = wal(database);
    orders.insert(rows);
    return (double) (wal(database) - before) / rows;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** The position up to which everything is inserted, whether written to disk or not. */
  private static long wal(BenchDatabase database) throws Exception {
    return database.number("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint");
  }

  private static long dead(BenchDatabase database) throws Exception {
    return database.number(
        "select n_tup_upd + n_tup_del from pg_stat_user_tables where relid ="
            + " 'outbox.pending'::regclass");
  }

  private static long statements(BenchDatabase database) throws Exception {
    return database.number(
        "select xact_commit from pg_stat_database where datname = current_database()");
  }

  private static double allocated(int port) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build();
    String metrics =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    return metrics
        .lines()
        .filter(line -> line.startsWith(ALLOCATED))
        .mapToDouble(line -> Double.parseDouble(line.substring(ALLOCATED.length())))
        .sum();
  }
}
