// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.realinput;

import dev.outboxrelay.testing.TestDatabase;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.postgresql.Driver;

/**
 * pgbench, unmodified, from the path or an installation; where there is none, its own statements
 * over JDBC.
 */
final class Pgbench {
  static final int CLIENTS = 8;
  private static final int ACCOUNTS = 100_000;
  private static final int TELLERS = 10;

  private final TestDatabase database;
  private final Optional<Path> program;

  Pgbench(TestDatabase database) {
    this.database = database;
    this.program = find();
  }

  String description() {
    return program.map(Path::toString).orElse("its statements over JDBC");
  }

  /** Makes and fills the four tables. */
  void initialize() throws Exception {
    if (program.isPresent()) {
      run(List.of("-i", "-s", "1", "-q"));
      return;
    }
    database.execute(
        "create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp,"
            + " filler char(22))",
        "create table pgbench_tellers (tid int not null, bid int, tbalance int, filler char(84))"
            + " with (fillfactor = 100)",
        "create table pgbench_accounts (aid int not null, bid int, abalance int, filler char(84))"
            + " with (fillfactor = 100)",
        "create table pgbench_branches (bid int not null, bbalance int, filler char(88))"
            + " with (fillfactor = 100)",
        "insert into pgbench_branches values (1, 0, null)",
        "insert into pgbench_tellers select i, 1, 0, null from generate_series(1, 10) i",
        "insert into pgbench_accounts select i, 1, 0, '' from generate_series(1, 100000) i",
        "alter table pgbench_branches add primary key (bid)",
        "alter table pgbench_tellers add primary key (tid)",
        "alter table pgbench_accounts add primary key (aid)");
  }

  /** Starts the clients; the result ends them after the time. */
  List<Callable<Integer>> clients(int seconds) {
    if (program.isPresent()) {
      return List.of(
          () ->
              run(
                  List.of(
                      "-c",
                      Integer.toString(CLIENTS),
                      "-j",
                      "2",
                      "-T",
                      Integer.toString(seconds))));
    }
    List<Callable<Integer>> clients = new ArrayList<>();
    long until = System.nanoTime() + seconds * 1_000_000_000L;
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(() -> client(until));
    }
    return clients;
  }

  private int client(long until) throws SQLException {
    int done = 0;
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      while (System.nanoTime() < until) {
        transaction(connection);
        done++;
      }
    }
    return done;
  }

  private static void transaction(Connection connection) throws SQLException {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    int aid = 1 + random.nextInt(ACCOUNTS);
    int tid = 1 + random.nextInt(TELLERS);
    int delta = random.nextInt(-5_000, 5_001);
    for (String sql :
        List.of(
            "update pgbench_accounts set abalance = abalance + %d where aid = %d"
                .formatted(delta, aid),
            "select abalance from pgbench_accounts where aid = %d".formatted(aid),
            "update pgbench_tellers set tbalance = tbalance + %d where tid = %d"
                .formatted(delta, tid),
            "update pgbench_branches set bbalance = bbalance + %d where bid = 1".formatted(delta),
            "insert into pgbench_history (tid, bid, aid, delta, mtime)"
                + " values (%d, 1, %d, %d, current_timestamp)".formatted(tid, aid, delta))) {
      try (java.sql.Statement statement = connection.createStatement()) {
        statement.execute(sql);
      }
    }
    connection.commit();
  }

  private int run(List<String> arguments) throws IOException, InterruptedException {
    Properties url = Driver.parseURL(database.url(), null);
    List<String> command = new ArrayList<>();
    command.add(program.orElseThrow().toString());
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.put("PGHOST", url.getProperty("PGHOST"));
    environment.put("PGPORT", url.getProperty("PGPORT"));
    environment.put("PGDATABASE", url.getProperty("PGDBNAME"));
    environment.put("PGUSER", database.user());
    environment.put("PGPASSWORD", database.password());
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException("pgbench ended with " + process.exitValue() + ": " + output);
    }
    return output
        .lines()
        .filter(line -> line.startsWith("number of transactions actually processed: "))
        .map(line -> Integer.parseInt(line.replaceAll("[^0-9]*([0-9]+).*", "$1")))
        .findFirst()
        .orElse(0);
  }

  private static Optional<Path> find() {
    for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
      Path candidate = Path.of(directory, "pgbench");
      if (Files.isExecutable(candidate)) {
        return Optional.of(candidate);
      }
    }
    Path installed = Path.of("/usr/lib/postgresql");
    if (!Files.isDirectory(installed)) {
      return Optional.empty();
    }
    try (Stream<Path> versions = Files.list(installed)) {
      return versions
          .map(version -> version.resolve("bin/pgbench"))
          .filter(Files::isExecutable)
          .max(Comparator.naturalOrder());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
