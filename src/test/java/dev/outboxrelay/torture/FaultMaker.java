package dev.outboxrelay.torture;

import dev.outboxrelay.testing.FaultProxy.Side;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.torture.FaultLog.Made;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Makes faults at random, by seed, some of them at the same time, but never two on one thing. Each
 * fault runs on a thread of its own from its start to its healing.
 */
final class FaultMaker {
  private static final Duration STOP_WITHIN = Duration.ofSeconds(10);
  private static final Duration STOP_MARGIN = Duration.ofSeconds(3);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
  private static final String OTHER_SESSIONS =
      "select pg_terminate_backend(pid) from pg_stat_activity"
          + " where datname = current_database() and pid <> pg_backend_pid()";

  private interface Act {
    void perform() throws Exception;
  }

  private final Random random;
  private final PostgresProcess postgres;
  private final List<RelaySlot> relays;
  private final List<Station> stations;
  private final FaultLog log;
  private final StopSignal stop;
  private final int meanGapMillis;
  private final Semaphore postgresFree = new Semaphore(1);
  private final Queue<String> misbehaved = new ConcurrentLinkedQueue<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  FaultMaker(
      long seed,
      PostgresProcess postgres,
      List<RelaySlot> relays,
      List<Station> stations,
      FaultLog log,
      StopSignal stop,
      int meanGapMillis) {
    this.random = new Random(seed);
    this.postgres = postgres;
    this.relays = relays;
    this.stations = stations;
    this.log = log;
    this.stop = stop;
    this.meanGapMillis = meanGapMillis;
  }

  /** Makes faults until the stop signal, then heals them all. */
  void run() throws InterruptedException {
    // Each kind once, so that a short run has them all; then by weight.
    List<FaultKind> deck = new ArrayList<>(FaultKind.makeable());
    Collections.shuffle(deck, random);
    while (!stop.await(Duration.ofMillis(random.nextInt(2 * meanGapMillis)))) {
      FaultKind kind = deck.isEmpty() ? FaultKind.pick(random) : deck.remove(deck.size() - 1);
      // Drawn here, one after the other, so that a seed makes the same sequence again.
      Station station = stations.get(random.nextInt(stations.size()));
      RelaySlot relay = relays.get(random.nextInt(relays.size()));
      int shortMillis = 50 + random.nextInt(2_500);
      int longMillis = 200 + random.nextInt(14_000);
      begin(kind, station, relay, shortMillis, longMillis);
    }
    threads.shutdown();
    if (!threads.awaitTermination(60, TimeUnit.SECONDS)) {
      misbehaved.add("a fault could not be healed within 60 s");
    }
  }

  List<String> misbehaved() {
    return List.copyOf(misbehaved);
  }

  /** A relay that is gone and that nobody stopped is a finding; it is started again. */
  void lookAfterRelays() throws Exception {
    for (RelaySlot relay : relays) {
      if (relay.free.tryAcquire()) {
        try {
          if (!relay.process().alive()) {
            misbehaved.add(
                "a relay ended by itself with "
                    + relay.process().exitCode()
                    + ", see "
                    + relay.process().log());
            relay.restart();
          }
        } finally {
          relay.free.release();
        }
      }
    }
  }

  private void begin(
      FaultKind kind, Station station, RelaySlot relay, int shortMillis, int longMillis) {
    switch (kind) {
      case KILL_RELAY ->
          onRelay(
              kind,
              relay,
              () -> {
                relay.process().kill();
                pause(shortMillis);
                relay.restart();
              });
      case TERMINATE_RELAY -> onRelay(kind, relay, () -> terminate(relay, shortMillis));
      case FREEZE_RELAY ->
          onRelay(
              kind,
              relay,
              () -> {
                relay.process().freeze();
                pause(longMillis);
                relay.process().proceed();
              });
      case KILL_POSTGRES ->
          perform(
              postgresFree,
              kind,
              null,
              () -> {
                postgres.kill();
                pause(shortMillis);
                postgres.start();
              });
      case TERMINATE_ONE_BACKEND ->
          perform(
              postgresFree,
              kind,
              null,
              () -> terminate(OTHER_SESSIONS + " order by random() limit 1"));
      case TERMINATE_ALL_BACKENDS ->
          perform(postgresFree, kind, null, () -> terminate(OTHER_SESSIONS));
      case CUT_DATABASE -> onRelay(kind, relay, relay.database::cut);
      case STALL_DATABASE ->
          onRelay(
              kind,
              relay,
              () -> {
                relay.database.stall();
                pause(longMillis);
                relay.database.resume();
              });
      case HALF_OPEN_DATABASE -> onRelay(kind, relay, () -> relay.database.halfOpen(Side.CLIENT));
      default -> beginAtReceiver(kind, station, shortMillis);
    }
  }

  private void beginAtReceiver(FaultKind kind, Station station, int millis) {
    switch (kind) {
      case CUT_RECEIVER -> at(kind, station, station.network::cut);
      case CUT_INSIDE_LINE ->
          between(
              kind,
              station,
              millis,
              () -> station.network.cutAfterBytes(50 + millis * 3L),
              () -> awaitTrue(() -> !station.network.cutPending()));
      case STALL_NETWORK ->
          between(kind, station, millis, station.network::stall, station.network::resume);
      case HALF_OPEN_AT_RELAY -> at(kind, station, () -> station.network.halfOpen(Side.CLIENT));
      case HALF_OPEN_AT_RECEIVER -> at(kind, station, () -> station.network.halfOpen(Side.TARGET));
      case CRASH_RECEIVER ->
          between(kind, station, millis, station.receiver::crash, station.receiver::listen);
      case RECEIVER_STOPS_READING ->
          between(
              kind,
              station,
              millis,
              station.receiver::stallReading,
              station.receiver::resumeReading);
      case RECEIVER_CUTS_ANSWER -> once(kind, station, Reply.cutInsideAnswer());
      case RECEIVER_ANSWERS_GARBAGE -> once(kind, station, Reply.raw("\u0000{]what?\n"));
      case RECEIVER_REFUSES_CONNECTIONS ->
          between(
              kind,
              station,
              millis,
              () -> {
                station.network.refuse();
                station.network.cut();
              },
              station.network::listen);
      case RECEIVER_HALF_CLOSES -> once(kind, station, Reply.halfClose());
      case RECEIVER_REFUSES_MESSAGES -> inMood(kind, station, millis, ReceiverScript.Mood.REFUSING);
      case RECEIVER_SILENT -> inMood(kind, station, millis, ReceiverScript.Mood.SILENT);
      default -> throw new IllegalStateException("no fault is made for " + kind);
    }
  }

  private void terminate(RelaySlot relay, int downMillis) throws Exception {
    boolean started = relay.process().hasSpoken();
    long from = System.nanoTime();
    boolean gone = relay.process().terminate(STOP_WITHIN.plus(STOP_MARGIN));
    Duration took = Duration.ofNanos(System.nanoTime() - from);
    if (!gone) {
      misbehaved.add("a relay did not end within " + took.toMillis() + " ms of SIGTERM");
      relay.process().kill();
    } else if (started && relay.process().exitCode() != 0) {
      misbehaved.add("a relay ended with " + relay.process().exitCode() + " on SIGTERM");
    }
    pause(downMillis);
    relay.restart();
  }

  private void terminate(String sql) {
    try (Connection connection = postgres.connect(TortureRun.DATABASE);
        Statement statement = connection.createStatement()) {
      statement.execute("select count(*) from (" + sql + ") terminated");
    } catch (SQLException e) {
      // The server is just being restarted by hand: no session is left to be ended.
    }
  }

  /** The next line, whenever it comes, is answered with this: so long the fault is under way. */
  private void once(FaultKind kind, Station station, Reply reply) {
    at(
        kind,
        station,
        () -> {
          station.script.once(reply);
          awaitTrue(() -> !station.script.onceWaits());
          station.script.forgetOnce();
        });
  }

  private void awaitTrue(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      if (stop.await(LOOK_AGAIN)) {
        return;
      }
    }
  }

  private void inMood(FaultKind kind, Station station, int millis, ReceiverScript.Mood mood) {
    between(
        kind,
        station,
        millis,
        () -> station.script.mood(mood),
        () -> station.script.mood(ReceiverScript.Mood.ACKNOWLEDGING));
  }

  private void between(FaultKind kind, Station station, int millis, Act begin, Act end) {
    at(
        kind,
        station,
        () -> {
          begin.perform();
          pause(millis);
          end.perform();
        });
  }

  private void at(FaultKind kind, Station station, Act act) {
    perform(station.free, kind, station.name(), act);
  }

  private void onRelay(FaultKind kind, RelaySlot relay, Act act) {
    perform(relay.free, kind, null, act);
  }

  /** Does it now if the thing is free, and not at all if another fault has it. */
  private void perform(
      Semaphore free,
      FaultKind kind,
      @org.jspecify.annotations.Nullable String destination,
      Act act) {
    if (!free.tryAcquire()) {
      return;
    }
    Made fault = log.begin(kind, destination);
    threads.execute(
        () -> {
          try {
            act.perform();
          } catch (Exception e) {
            misbehaved.add(kind + " could not be made: " + e);
          } finally {
            fault.ended();
            free.release();
          }
        });
  }

  private void pause(int millis) {
    stop.await(Duration.ofMillis(millis));
  }
}
