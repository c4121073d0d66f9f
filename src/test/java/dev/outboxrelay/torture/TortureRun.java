package dev.outboxrelay.torture;

import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * One run: a calm start, faults, healing, and the count. The calm shows that without a fault
 * nothing is repeated.
 */
final class TortureRun implements AutoCloseable {
  static final String DATABASE = "app";
  private static final Duration CALM = Duration.ofSeconds(4);
  private static final Duration DRAIN_WITHIN = Duration.ofSeconds(120);
  private static final Duration WATCH_EVERY = Duration.ofMillis(100);
  private static final Duration STOOD_STILL = Duration.ofSeconds(1);
  private static final Duration LOST_COMMITS = Duration.ofSeconds(2);

  /** Answered and not yet off the table, at most: docs/threads.md. */
  private static final int MOST_UNSETTLED = 10_000;

  private static final String OWED =
      "select count(*) from outbox.message where state <> 'delivered'";

  /**
   * What a run is made of.
   *
   * @param seed decides faults and transactions
   * @param seconds how long faults are made
   * @param relays how many relay processes
   * @param writers how many sessions write
   * @param writerPauseMillis a writer's longest pause between transactions
   * @param meanGapMillis mean time between faults
   */
  record Plan(
      long seed, int seconds, int relays, int writers, int writerPauseMillis, int meanGapMillis) {}

  private final Plan plan;
  private final Path logs;
  private final PostgresProcess postgres;
  private final List<Station> stations = new ArrayList<>();
  private final List<RelaySlot> relays = new ArrayList<>();
  private final Journal journal = new Journal();
  private final FaultLog faults = new FaultLog();
  private final StopSignal writersStop = new StopSignal();
  private final StopSignal faultsStop = new StopSignal();
  private final StopSignal watchStop = new StopSignal();

  TortureRun(Plan plan) throws Exception {
    this.plan = plan;
    this.logs = Files.createDirectories(Path.of("target", "torture", "seed-" + plan.seed()));
    for (int i = 1; i <= plan.relays(); i++) {
      Files.deleteIfExists(logs.resolve("relay-" + i + ".log"));
    }
    this.postgres =
        PostgresProcess.create(
            PostgresBinaries.embedded(),
            Map.of(
                "max_prepared_transactions", "50",
                "deadlock_timeout", "200ms",
                "log_min_messages", "fatal"));
    postgres.execute("postgres", "create database " + DATABASE);
    new Migrator(postgres.url(DATABASE), PostgresProcess.USER, "").migrate();
    postgres.execute(DATABASE, Legacy.SCHEMA);
    for (Legacy.Target target : Legacy.TARGETS) {
      attach(target);
    }
    for (int i = 1; i <= plan.relays(); i++) {
      relays.add(new RelaySlot(i, postgres, logs));
    }
  }

  private void attach(Legacy.Target target) throws SQLException {
    Station station = new Station(target, plan.seed() + stations.size());
    stations.add(station);
    postgres.execute(
        DATABASE,
        """
        insert into outbox.destination (name, uri, max_in_flight, max_attempts, retry_initial,
            retry_max, ack_timeout, connect_timeout)
          values ('%s', '%s', %d, 1000000, '100 ms', '1 s', '10 s', '1 s')
        """
            .formatted(target.name(), station.network.uri(), target.maxInFlight()));
    for (String table : target.sources()) {
      if (!table.equals(Legacy.PUBLISHED)) {
        postgres.execute(
            DATABASE, "select outbox.capture('legacy." + table + "', '" + target.name() + "')");
      }
    }
  }

  /** Runs to the end. */
  Verdict run() throws Exception {
    FaultMaker maker =
        new FaultMaker(
            plan.seed(), postgres, relays, stations, faults, faultsStop, plan.meanGapMillis());
    Thread watch = new Thread(this::watchTheMachine, "watch");
    watch.setDaemon(true);
    watch.start();
    List<Thread> writers = startWriters();
    calm();
    Thread faultThread = new Thread(() -> makeFaults(maker), "faults");
    faultThread.start();
    long until = System.nanoTime() + Duration.ofSeconds(plan.seconds()).toNanos();
    StopSignal never = new StopSignal();
    while (System.nanoTime() < until) {
      never.await(Duration.ofSeconds(1));
      maker.lookAfterRelays();
      decideForgottenTransactions(5);
    }
    faultsStop.set();
    faultThread.join();
    stations.forEach(station -> station.network.heal());
    writersStop.set();
    for (Thread writer : writers) {
      writer.join();
    }
    decideForgottenTransactions(0);
    boolean drained = drain(maker, never);
    watchStop.set();
    return verdict(maker, drained);
  }

  /** A thread that sleeps and wakes late shows that nobody got to run. */
  private void watchTheMachine() {
    long before = System.nanoTime();
    while (!watchStop.await(WATCH_EVERY)) {
      long now = System.nanoTime();
      if (now - before > STOOD_STILL.toNanos()) {
        faults.stoodStill(before);
      }
      before = now;
    }
  }

  private List<Thread> startWriters() {
    List<Thread> writers = new ArrayList<>();
    for (int i = 1; i <= plan.writers(); i++) {
      Thread writer =
          new Thread(
              new Writer(
                  i,
                  plan.seed(),
                  postgres,
                  DATABASE,
                  journal,
                  writersStop,
                  plan.writerPauseMillis()),
              "writer-" + i);
      writer.start();
      writers.add(writer);
    }
    return writers;
  }

  /** Waits until every destination gets lines, and then a while without a fault. */
  private void calm() {
    StopSignal never = new StopSignal();
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (System.nanoTime() < deadline
        && stations.stream().anyMatch(station -> station.inbox.firstArrivals() == 0)) {
      never.await(Duration.ofMillis(50));
    }
    never.await(CALM);
  }

  private void makeFaults(FaultMaker maker) {
    try {
      maker.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Prepared transactions whose writer lost its connection: nobody else will end them. */
  private void decideForgottenTransactions(int olderThanSeconds) {
    try (Connection connection = postgres.connect(DATABASE);
        Statement statement = connection.createStatement()) {
      List<String> forgotten = new ArrayList<>();
      try (ResultSet rows =
          statement.executeQuery(
              "select gid from pg_prepared_xacts where prepared <= clock_timestamp() - interval '"
                  + olderThanSeconds
                  + " s'")) {
        while (rows.next()) {
          forgotten.add(rows.getString(1));
        }
      }
      for (String name : forgotten) {
        statement.execute("commit prepared '" + name + "'");
      }
    } catch (SQLException e) {
      // The server is down, or its writer came back to it: looked at again with the next round.
    }
  }

  private boolean drain(FaultMaker maker, StopSignal never) throws Exception {
    long deadline = System.nanoTime() + DRAIN_WITHIN.toNanos();
    while (System.nanoTime() < deadline) {
      maker.lookAfterRelays();
      try {
        if (postgres.value(DATABASE, OWED).equals("0")) {
          return true;
        }
      } catch (SQLException e) {
        // Asked again below.
      }
      never.await(Duration.ofMillis(200));
    }
    return false;
  }

  private Verdict verdict(FaultMaker maker, boolean drained) throws Exception {
    List<String> problems = new ArrayList<>(maker.misbehaved());
    List<String> notes = new ArrayList<>();
    if (!drained) {
      problems.add(
          "still owed after "
              + DRAIN_WITHIN
              + ": "
              + postgres.value(
                  DATABASE,
                  "select string_agg(line, '; ') from (select destination || ' ' || state || ' '"
                      + " || count(*) || ' oldest ' || min(id) as line from outbox.message"
                      + " where state <> 'delivered' group by destination, state) owed"));
    }
    try (Connection connection = postgres.connect(DATABASE)) {
      journal.resolve(connection);
    }
    long committed = 0;
    long delivered = 0;
    long lost = 0;
    long phantom = 0;
    long differing = 0;
    for (Station station : stations) {
      Inbox inbox = station.inbox;
      for (String table : inbox.target().sources()) {
        Set<Long> owed = journal.committed(table);
        Set<Long> got = inbox.changes(table);
        committed += owed.size();
        delivered += got.size();
        lost += missing(owed, got, station.name() + " lost " + table + " ", problems);
        phantom += missing(got, owed, station.name() + " phantom " + table + " ", problems);
        if (!table.equals(Legacy.PUBLISHED)) {
          differing += differing(inbox, table, problems);
        }
      }
    }
    long unexplained = 0;
    for (Station station : stations) {
      unexplained += unexplained(station, problems, notes);
    }
    stations.forEach(station -> problems.addAll(station.inbox.problems()));
    long missed = 0;
    for (RelaySlot relay : relays) {
      List<String> lines = relay.missed();
      missed += lines.size();
      problems.addAll(lines);
    }
    notes.add(
        "transactions "
            + journal.transactions()
            + ", of them rolled back by their writers "
            + journal.rollbacks());
    return new Verdict(
        committed,
        delivered,
        stations.stream().mapToLong(station -> station.inbox.repeats().size()).sum(),
        lost,
        stations.stream().mapToLong(station -> station.inbox.neverAcknowledged()).sum(),
        phantom,
        stations.stream().mapToLong(station -> station.inbox.outOfOrder()).sum(),
        stations.stream().mapToLong(station -> station.inbox.tooEarly()).sum(),
        stations.stream().mapToLong(station -> station.inbox.altered()).sum(),
        unexplained,
        stations.stream().mapToLong(station -> station.inbox.lateEpochMillis()).max().orElse(0),
        differing,
        maker.misbehaved().size() + (drained ? 0 : 1) + missed,
        faults.counts(),
        problems,
        notes);
  }

  private static long missing(Set<Long> from, Set<Long> in, String what, List<String> problems) {
    TreeSet<Long> missing = new TreeSet<>(from);
    missing.removeAll(in);
    missing.stream().limit(5).forEach(code -> problems.add(what + Legacy.describe(code)));
    return missing.size();
  }

  /** The rows as the lines tell them, against the table. */
  private long differing(Inbox inbox, String table, List<String> problems) throws SQLException {
    Set<Long> there = new HashSet<>();
    try (Connection connection = postgres.connect(DATABASE);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select mark from legacy." + table)) {
      while (rows.next()) {
        there.add(rows.getLong(1));
      }
    }
    Set<Long> rebuilt = new HashSet<>(inbox.rows(table).values());
    String name = inbox.target().name();
    return missing(there, rebuilt, name + " has no row of " + table + " with ", problems)
        + missing(rebuilt, there, name + " has a stale row of " + table + " with ", problems);
  }

  /**
   * Repetitions that no fault accounts for, one by one and by their number: what comes again on one
   * connection is at most what was in flight, and what the server's crash took back.
   */
  private long unexplained(Station station, List<String> problems, List<String> notes) {
    long unexplained = 0;
    Map<Integer, Integer> connections = new HashMap<>();
    for (Inbox.Repeat repeat : station.inbox.repeats()) {
      if (!faults.explains(station.name(), repeat)) {
        unexplained++;
        problems.add(station.name() + ": repeated without a fault: " + repeat);
      }
      if (!faults.lostWithTheServer(repeat, LOST_COMMITS)) {
        connections.merge(repeat.connection(), 1, Integer::sum);
      }
    }
    int most = connections.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    int limit = station.inbox.target().maxInFlight();
    if (most > limit + MOST_UNSETTLED) {
      unexplained += most - limit - MOST_UNSETTLED;
      problems.add(station.name() + ": " + most + " messages were repeated on one connection");
    }
    notes.add(
        station.name()
            + ": arrived "
            + station.inbox.firstArrivals()
            + ", repeated "
            + station.inbox.repeats().size()
            + ", at most "
            + most
            + " on one connection, at most "
            + station.inbox.mostUnanswered()
            + " unanswered of "
            + limit);
    return unexplained;
  }

  @Override
  public void close() throws Exception {
    faultsStop.set();
    writersStop.set();
    watchStop.set();
    for (RelaySlot relay : relays) {
      relay.close();
    }
    for (Station station : stations) {
      station.close();
    }
    postgres.close();
  }
}
