// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * The torture of one transport: the legacy application's tables, two relays as processes, a broker,
 * and faults in all of them; readers take what the broker holds, and the judge counts.
 */
final class TransportRun implements AutoCloseable {
  private static final int RELAYS = 2;
  private static final int HEAP_MEGABYTES = 128;
  private static final int MEAN_GAP_MILLIS = 800;
  private static final int WRITERS = 3;
  private static final int WRITER_PAUSE_MILLIS = 60;
  private static final Duration CALM = Duration.ofSeconds(3);
  private static final Duration START_WITHIN = Duration.ofSeconds(90);
  private static final Duration DRAIN_WITHIN = Duration.ofSeconds(120);
  private static final Duration READ_EVERY = Duration.ofMillis(50);
  private static final Duration WATCH_EVERY = Duration.ofMillis(100);
  private static final Duration STOOD_STILL = Duration.ofSeconds(1);

  /** Makes the far end; one that pushes hands over to the taker. */
  interface FarEndMaker {
    FarEnd make(FarEnd.Taker taker, Path directory) throws Exception;
  }

  private final long seed;
  private final Path directory;
  private final PostgresProcess postgres;
  private final FarEnd end;
  private final Map<String, Inbox> inboxes = new LinkedHashMap<>();
  private final List<RelaySlot> relays = new ArrayList<>();
  private final Journal journal = new Journal();
  private final FaultLog faults = new FaultLog();
  private final Misbehaviour misbehaviour;
  private final FaultMaker maker;
  private final StopSignal writersStop = new StopSignal();
  private final StopSignal readersStop = new StopSignal();
  private final StopSignal never = new StopSignal();
  private final AtomicLong sequence = new AtomicLong();

  TransportRun(String name, long seed, FarEndMaker far) throws Exception {
    this.seed = seed;
    directory = Files.createDirectories(Path.of("target", "torture", name + "-" + seed));
    for (int i = 1; i <= RELAYS; i++) {
      Files.deleteIfExists(directory.resolve("relay-" + i + ".log"));
    }
    for (Legacy.Target target : Legacy.TARGETS) {
      inboxes.put(target.name(), new Inbox(target));
    }
    end = far.make(this::take, Files.createTempDirectory("torture-" + name));
    postgres =
        PostgresProcess.create(
            PostgresBinaries.embedded(),
            Map.of(
                "max_prepared_transactions", "50",
                "deadlock_timeout", "200ms",
                "wal_writer_delay", "10s",
                "wal_writer_flush_after", "64MB",
                "log_min_messages", "fatal"));
    postgres.execute("postgres", "create database " + TortureRun.DATABASE);
    new Migrator(postgres.url(TortureRun.DATABASE), PostgresProcess.USER, "").migrate();
    postgres.execute(TortureRun.DATABASE, Legacy.SCHEMA);
    for (Legacy.Target target : Legacy.TARGETS) {
      attach(target);
    }
    for (int i = 1; i <= RELAYS; i++) {
      relays.add(new RelaySlot(i, postgres, directory, HEAP_MEGABYTES, end.relayFlags()));
    }
    RunRecord record = new RunRecord(directory.resolve("run.log"));
    misbehaviour = new Misbehaviour(record);
    maker =
        new FaultMaker(
            seed,
            List.of(),
            relays,
            List.of(
                new RelayFaults(relays, misbehaviour),
                new ServerFaults(postgres),
                new FarFaults(end)),
            faults,
            misbehaviour,
            record);
  }

  private void attach(Legacy.Target target) throws Exception {
    end.prepare(target.name());
    postgres.execute(
        TortureRun.DATABASE,
        """
        insert into outbox.destination (name, uri, options, max_in_flight, max_attempts,
            retry_initial, retry_max, ack_timeout, connect_timeout, on_failure)
          values ('%s', '%s', '%s', %d, 1000000, '100 ms', '1 s', '4 s', '1 s', '%s')
        """
            .formatted(
                target.name(),
                end.uri(target.name()),
                end.options(target.name()),
                target.maxInFlight(),
                target.holds() ? "hold" : "skip"));
    for (String table : target.sources()) {
      if (!table.equals(Legacy.PUBLISHED)) {
        postgres.execute(TortureRun.DATABASE, Legacy.capture(table, target.name()));
      }
    }
  }

  private void take(String destination, String body, long nanos) {
    Line line = new Line(1, sequence.incrementAndGet(), nanos, body);
    Inbox inbox = inboxes.get(destination);
    inbox.arrived(line);
    inbox.answered(line, true);
  }

  /** Runs to the end. */
  Verdict run(int seconds) throws Exception {
    Thread watch = new Thread(this::watchTheMachine, "watch");
    watch.setDaemon(true);
    watch.start();
    Thread reader = new Thread(this::readOn, "reader");
    reader.start();
    List<Thread> writers = startWriters();
    if (!await(
        START_WITHIN,
        () -> inboxes.values().stream().allMatch(inbox -> inbox.firstArrivals() > 0))) {
      misbehaviour.add("not every destination got a message within " + START_WITHIN);
    }
    never.await(CALM);
    make(seconds);
    writersStop.set();
    for (Thread writer : writers) {
      writer.join();
    }
    decideForgottenTransactions();
    if (!await(DRAIN_WITHIN, this::nothingIsOwed)) {
      misbehaviour.add("still owed after " + DRAIN_WITHIN);
    }
    readersStop.set();
    reader.join();
    for (String destination : inboxes.keySet()) {
      end.read(destination, this::take);
    }
    for (RelaySlot relay : relays) {
      relay.missed().forEach(misbehaviour::add);
    }
    Verdict verdict =
        new Judge(List.copyOf(inboxes.values()), journal, faults, FarFaults.KINDS)
            .verdict(postgres, misbehaviour.all(), new WaitTimes(from -> Duration.ZERO));
    verdict.notes().add(end.description());
    return verdict;
  }

  private void make(int seconds) throws Exception {
    StopSignal stop = new StopSignal();
    Thread thread =
        new Thread(
            () -> {
              try {
                maker.make(FarFaults.KINDS, MEAN_GAP_MILLIS, stop);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "faults");
    thread.start();
    never.await(Duration.ofSeconds(seconds));
    stop.set();
    thread.join();
    end.network().heal();
    relays.forEach(RelaySlot::heal);
  }

  private List<Thread> startWriters() {
    List<Thread> writers = new ArrayList<>();
    for (int i = 1; i <= WRITERS; i++) {
      Thread writer =
          new Thread(
              new Writer(
                  i,
                  seed,
                  postgres,
                  TortureRun.DATABASE,
                  journal,
                  writersStop,
                  WRITER_PAUSE_MILLIS,
                  () -> false),
              "writer-" + i);
      writer.start();
      writers.add(writer);
    }
    return writers;
  }

  /** What a broker that is down does not give is read later. */
  private void readOn() {
    while (!readersStop.await(READ_EVERY)) {
      for (String destination : inboxes.keySet()) {
        try {
          end.read(destination, this::take);
        } catch (Exception e) {
          readersStop.await(READ_EVERY);
        }
      }
    }
  }

  /** A thread that sleeps and wakes late shows that nobody got to run. */
  private void watchTheMachine() {
    long before = System.nanoTime();
    while (!readersStop.await(WATCH_EVERY)) {
      long now = System.nanoTime();
      if (now - before > STOOD_STILL.toNanos()) {
        faults.stoodStill(before);
      }
      before = now;
    }
  }

  /** Prepared transactions whose writer lost its connection: nobody else will end them. */
  private void decideForgottenTransactions() throws SQLException {
    String names = "select coalesce(string_agg(gid, ','), '') from pg_prepared_xacts";
    for (String name : postgres.value(TortureRun.DATABASE, names).split(",")) {
      if (!name.isEmpty()) {
        postgres.execute(TortureRun.DATABASE, "commit prepared '" + name + "'");
      }
    }
  }

  private boolean nothingIsOwed() {
    try {
      for (RelaySlot relay : relays) {
        if (!relay.process().alive()) {
          misbehaviour.add("a relay ended by itself with " + relay.process().exitCode());
          relay.restart();
        }
      }
      return postgres.value(TortureRun.DATABASE, "select count(*) from outbox.message").equals("0");
    } catch (SQLException e) {
      return false;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean await(Duration atMost, BooleanSupplier condition) {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      never.await(Duration.ofMillis(100));
    }
    return true;
  }

  @Override
  public void close() throws Exception {
    writersStop.set();
    readersStop.set();
    maker.close();
    for (RelaySlot relay : relays) {
      relay.close();
    }
    end.close();
    postgres.close();
  }
}
