// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeoutException;

/** What one scenario works with: a server, the number of runs, the size, and a line to the user. */
final class Stage {
  private static final Duration START_LIMIT = Duration.ofSeconds(120);
  private static final String SESSIONS =
      "select count(*) from pg_stat_activity where datname = current_database()"
          + " and application_name = 'outbox-relay locks'";

  private final String scenario;
  private final BenchServer server;
  private final int runs;
  private final boolean quick;
  private final Path directory;
  private final List<String> transports;
  private final List<RelayJava> java;
  private final PrintWriter progress;
  private final List<RelayLogFile> logs = new ArrayList<>();

  /**
   * A stage.
   *
   * @param scenario whose it is
   * @param progress gets a line a run
   */
  Stage(String scenario, BenchServer server, BenchOptions options, PrintWriter progress) {
    this.scenario = scenario;
    this.server = server;
    this.runs = options.runs();
    this.quick = options.quick();
    this.transports = options.transports();
    this.java = RelayJava.compared(options.java());
    this.directory = options.output().resolve("logs");
    this.progress = progress;
  }

  int runs() {
    return runs;
  }

  /** A size: the full one, or a small one that only shows that everything works. */
  int size(int full, int small) {
    return quick ? small : full;
  }

  /** What the user offers to be measured. */
  List<String> transports() {
    return transports;
  }

  /** The ways to start a relay that are compared; first what ships. */
  List<RelayJava> java() {
    return java;
  }

  /** What the server has used so far, seconds of CPU; NaN when that is not known. */
  double serverCpu() throws SQLException {
    return Cpu.secondsOfServer(postmaster());
  }

  /** The server's first process; none when it is not on this machine. */
  OptionalLong postmaster() throws SQLException {
    return Cpu.postmaster(server);
  }

  BenchDatabase database() throws SQLException {
    return BenchDatabase.create(server, "outbox_relay_bench");
  }

  /** A second database beside the first. */
  BenchDatabase database(String suffix) throws SQLException {
    return BenchDatabase.create(server, "outbox_relay_bench_" + suffix);
  }

  /** A relay in a process of its own, with its defaults. */
  RelayProcess relay(BenchDatabase database)
      throws IOException, SQLException, TimeoutException, InterruptedException {
    return relay(database, RelayJava.SHIPPED.flags(), List.of());
  }

  /** A relay in a process of its own, with flags of the JVM and of {@code run}. */
  RelayProcess relay(BenchDatabase database, List<String> jvmFlags, List<String> flags)
      throws IOException, SQLException, TimeoutException, InterruptedException {
    RelayProcess relay = starting(database, jvmFlags, flags);
    boolean connected = false;
    try {
      Patience starting = new Patience(START_LIMIT);
      while (database.number(SESSIONS) == 0) {
        relay.requireWell();
        starting.await(0, "the relay has not connected");
      }
      connected = true;
      return relay;
    } finally {
      if (!connected) {
        relay.close();
      }
    }
  }

  /** A relay that has only just been started, with flags of the JVM. */
  RelayProcess starting(BenchDatabase database, List<String> jvmFlags) throws IOException {
    return starting(database, jvmFlags, List.of());
  }

  private RelayProcess starting(BenchDatabase database, List<String> jvmFlags, List<String> flags)
      throws IOException {
    Files.createDirectories(directory);
    RelayLogFile log =
        new RelayLogFile(directory.resolve(scenario + "-relay-" + (logs.size() + 1) + ".log"));
    Files.deleteIfExists(log.path());
    logs.add(log);
    return RelayProcess.start(database, log, jvmFlags, flags);
  }

  /** What the relays of this scenario wrote. */
  List<RelayLogFile> logs() {
    return List.copyOf(logs);
  }

  void say(String line) {
    progress.println(line);
    progress.flush();
  }
}
