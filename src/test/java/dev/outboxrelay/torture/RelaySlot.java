package dev.outboxrelay.torture;

import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.RelayProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Semaphore;

/** A place where a relay runs, with its own way to the database; faults take it one at a time. */
final class RelaySlot implements AutoCloseable {
  private static final int HEAP_MEGABYTES = 64;

  final Semaphore free = new Semaphore(1);
  final FaultProxy database;
  private final int number;
  private final Path log;
  private volatile RelayProcess process;

  RelaySlot(int number, PostgresProcess postgres, Path logs) throws IOException {
    this.number = number;
    this.log = logs.resolve("relay-" + number + ".log");
    this.database = FaultProxy.to(postgres.port());
    this.process = launch();
  }

  RelayProcess process() {
    return process;
  }

  /** What its sweeps have passed over; writers that prepare transactions do not ring. */
  List<String> missed() throws IOException {
    return RelayProcess.missed(log, 0, true);
  }

  void restart() throws IOException {
    process = launch();
  }

  @Override
  public void close() throws InterruptedException {
    process.close();
    database.close();
  }

  private RelayProcess launch() throws IOException {
    return RelayProcess.start(
        PostgresProcess.url(database.port(), TortureRun.DATABASE),
        PostgresProcess.USER,
        log,
        HEAP_MEGABYTES,
        "--sweep",
        "5s",
        // Every other relay reads in small pages, so that windows are often larger than a page.
        "--page-size",
        number % 2 == 0 ? "25" : "1000");
  }
}
