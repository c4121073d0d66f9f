// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.LogPipe;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.RelayProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * A place where a relay runs, with its own ways to the database, its log and its health; faults
 * take each of these one at a time.
 */
final class RelaySlot implements AutoCloseable {
  private static final int HEAP_MEGABYTES = 64;

  final Semaphore free = new Semaphore(1);
  final Semaphore logFree = new Semaphore(1);
  final Semaphore healthFree = new Semaphore(1);
  final FaultProxy database;

  /** Another host of the same server, for a relay whose URL names two. */
  final FaultProxy secondHost;

  final LogPipe logPipe = new LogPipe();
  private volatile int httpPort;
  private final int number;
  private final Path log;
  private final int heapMegabytes;
  private final List<String> further;
  private volatile RelayProcess process;
  private volatile long startedNanos;

  RelaySlot(int number, PostgresProcess postgres, Path logs) throws IOException {
    this(number, postgres, logs, HEAP_MEGABYTES, List.of());
  }

  /** A relay with a heap of its own, and with further flags. */
  RelaySlot(
      int number, PostgresProcess postgres, Path logs, int heapMegabytes, List<String> further)
      throws IOException {
    this.heapMegabytes = heapMegabytes;
    this.further = further;
    this.number = number;
    this.log = logs.resolve("relay-" + number + ".log");
    this.database = FaultProxy.to(postgres.port());
    this.secondHost = FaultProxy.to(postgres.port());
    this.process = launch();
  }

  int httpPort() {
    return httpPort;
  }

  int number() {
    return number;
  }

  RelayProcess process() {
    return process;
  }

  long startedNanos() {
    return startedNanos;
  }

  /** What its sweeps have passed over; writers that prepare transactions do not ring. */
  List<String> missed() throws IOException {
    return RelayProcess.missed(log, 0, true);
  }

  void restart() throws IOException {
    process = launch();
  }

  void heal() {
    database.heal();
    secondHost.heal();
    logPipe.readOn();
  }

  @Override
  public void close() throws InterruptedException {
    logPipe.readOn();
    process.close();
    database.close();
    secondHost.close();
  }

  /** Every other relay is another kind, so that a run has both. */
  private boolean isOther() {
    return number % 2 == 0;
  }

  /** Logs so much that a pipe that nobody reads is full within seconds. */
  boolean isTalkative() {
    return !isOther();
  }

  boolean hasTwoHosts() {
    return !isOther();
  }

  private RelayProcess launch() throws IOException {
    httpPort = Ports.free();
    List<String> flags = new ArrayList<>(further);
    flags.addAll(List.of("--http-host", "127.0.0.1", "--http-port", Integer.toString(httpPort)));
    // Where the sweep comes late, only what is not lost arrives in time.
    flags.addAll(List.of("--sweep", isOther() ? "1m" : "5s"));
    // In small pages, so that windows are often larger than a page.
    flags.addAll(List.of("--page-size", isOther() ? "25" : "1000"));
    flags.addAll(List.of("--log-level", isTalkative() ? "debug" : "info"));
    RelayProcess started =
        RelayProcess.startSupervised(
            HungryRelay.class, url(), PostgresProcess.USER, log, heapMegabytes, flags);
    startedNanos = System.nanoTime();
    logPipe.read(started.output(), log);
    return started;
  }

  private String url() {
    String hosts = "127.0.0.1:" + database.port();
    if (hasTwoHosts()) {
      hosts += ",127.0.0.1:" + secondHost.port();
    }
    return "jdbc:postgresql://" + hosts + "/" + TortureRun.DATABASE;
  }
}
