package dev.outboxrelay.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** What a scenario works with: a server, the number of runs, the size, and a line to the user. */
final class Stage {
  private static final Duration START_LIMIT = Duration.ofSeconds(120);
  private static final String SESSIONS =
      "select count(*) from pg_stat_activity where datname = current_database()"
          + " and application_name = 'outbox-relay locks'";

  private final BenchServer server;
  private final int runs;
  private final boolean quick;
  private final Path logs;
  private final PrintWriter progress;
  private final AtomicInteger relays = new AtomicInteger();

  Stage(BenchServer server, int runs, boolean quick, Path logs, PrintWriter progress) {
    this.server = server;
    this.runs = runs;
    this.quick = quick;
    this.logs = logs;
    this.progress = progress;
  }

  int runs() {
    return runs;
  }

  /** A size: the full one, or a small one that only shows that everything works. */
  int size(int full, int small) {
    return quick ? small : full;
  }

  /** What the server has used so far, seconds of CPU; NaN when that is not known. */
  double serverCpu() throws SQLException {
    return Cpu.secondsOfServer(Cpu.postmaster(server));
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
    return relay(database, List.of(), List.of());
  }

  /** A relay in a process of its own, with flags of the JVM and of {@code run}. */
  RelayProcess relay(BenchDatabase database, List<String> jvmFlags, List<String> flags)
      throws IOException, SQLException, TimeoutException, InterruptedException {
    Files.createDirectories(logs);
    Path log = logs.resolve("relay-" + relays.incrementAndGet() + ".log");
    Files.deleteIfExists(log);
    RelayProcess relay = RelayProcess.start(database, log, jvmFlags, flags);
    Patience starting = new Patience(START_LIMIT);
    while (database.number(SESSIONS) == 0) {
      relay.requireAlive();
      starting.await(0, "the relay has not connected");
    }
    return relay;
  }

  void say(String line) {
    progress.println(line);
    progress.flush();
  }
}
