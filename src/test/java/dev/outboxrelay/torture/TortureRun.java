// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * One run: a calm start, faults, healing, and the count. The calm shows that without a fault
 * nothing is repeated. Then rough times, in which everything fails, take turns with gentle ones, in
 * which only those things happen that may delay nothing.
 */
final class TortureRun implements AutoCloseable {
  static final String DATABASE = "app";
  private static final Duration CALM = Duration.ofSeconds(4);
  private static final Duration AT_REST_WITHIN = Duration.ofSeconds(60);
  private static final Duration START_WITHIN = Duration.ofSeconds(60);
  private static final Duration DRAIN_WITHIN = Duration.ofSeconds(120);
  private static final Duration WATCH_EVERY = Duration.ofMillis(100);
  private static final Duration STOOD_STILL = Duration.ofSeconds(1);

  /** So long is a rough time and the gentle one after it, where the run is long. */
  private static final int ROUND_SECONDS = 100;

  private static final double GENTLE_SHARE = 0.35;

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
  private final Scene scene;
  private final Journal journal = new Journal();
  private final RunRecord record;
  private final FaultLog faults = new FaultLog();
  private final Misbehaviour misbehaviour;
  private final FaultMaker maker;
  private final Yardstick yardstick;
  private final WaitTimes waitTimes;
  private final Waits waits;
  private final StopSignal writersStop = new StopSignal();
  private final StopSignal watchStop = new StopSignal();
  private final StopSignal never = new StopSignal();
  private volatile boolean gentle;

  TortureRun(Plan plan) throws Exception {
    this.plan = plan;
    this.scene = new Scene(plan.seed(), plan.relays());
    this.record = new RunRecord(scene.logs.resolve("run.log"));
    this.misbehaviour = new Misbehaviour(record);
    this.maker =
        new FaultMaker(
            plan.seed(),
            scene.stations,
            scene.relays,
            List.of(
                new RelayFaults(scene.relays, misbehaviour),
                new ServerFaults(scene.postgres),
                new ReceiverFaults(scene.stations),
                new PersonFaults(scene.postgres, scene.stations),
                new StrangerFaults(scene.postgres)),
            faults,
            misbehaviour,
            record);
    this.yardstick = new Yardstick(scene.postgres);
    this.waitTimes = new WaitTimes(yardstick::allowance);
    this.waits = new Waits(scene.postgres, waitTimes);
  }

  /** Runs to the end. */
  Verdict run() throws Exception {
    Thread watch = new Thread(this::watchTheMachine, "watch");
    watch.setDaemon(true);
    watch.start();
    List<Thread> writers = startWriters();
    calm();
    try (Liveness liveness = new Liveness(scene.relays, yardstick, misbehaviour, record)) {
      int rounds = Math.max(1, plan.seconds() / ROUND_SECONDS);
      int seconds = plan.seconds() / rounds;
      int gentleSeconds = (int) (seconds * GENTLE_SHARE);
      for (int round = 0; round < rounds; round++) {
        make(FaultKind.makeable(), seconds - gentleSeconds);
        comeToRest(liveness);
        gentle = true;
        record.say("gentle time");
        int looksBefore = waitTimes.looks();
        waitTimes.judge(true);
        make(FaultKind.gentle(), gentleSeconds);
        waitTimes.judge(false);
        int looks = waitTimes.looks() - looksBefore;
        if (looks < gentleSeconds) {
          misbehaviour.add(
              "what waits was looked at " + looks + " times in " + gentleSeconds + " s");
        }
        gentle = false;
        record.say("rough time");
      }
    }
    writersStop.set();
    for (Thread writer : writers) {
      writer.join();
    }
    decideForgottenTransactions(0);
    drain();
    watchStop.set();
    for (RelaySlot relay : scene.relays) {
      relay.missed().forEach(misbehaviour::add);
    }
    Verdict verdict =
        new Judge(
                scene.stations.stream().map(station -> station.inbox).toList(),
                journal,
                faults,
                FaultKind.makeable())
            .verdict(scene.postgres, misbehaviour.all(), waitTimes);
    verdict
        .notes()
        .add(
            "in gentle times, with %d looks, the longest wait was %d ms, the yardstick's %d ms"
                .formatted(
                    waitTimes.looks(),
                    waitTimes.longest().toMillis(),
                    yardstick.longest().toMillis()));
    return verdict;
  }

  /** Faults of these kinds for so long; all of them are healed at the end. */
  private void make(List<FaultKind> kinds, int seconds) throws Exception {
    StopSignal stop = new StopSignal();
    Thread thread = new Thread(() -> makeFaults(kinds, stop), "faults");
    thread.start();
    long until = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    while (System.nanoTime() < until) {
      never.await(Duration.ofSeconds(1));
      lookAfterRelays();
      decideForgottenTransactions(5);
    }
    stop.set();
    thread.join();
    scene.heal();
  }

  private void makeFaults(List<FaultKind> kinds, StopSignal stop) {
    try {
      maker.make(kinds, plan.meanGapMillis(), stop);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * After the healing everything goes again, in bounded time. One that has just come is handed
   * destinations over, so rest is looked for from then on.
   */
  private void comeToRest(Liveness liveness) {
    await(START_WITHIN, () -> scene.relays.stream().allMatch(liveness::isReady));
    waitTimes.forget();
    if (!await(AT_REST_WITHIN, () -> waitTimes.atRest(System.nanoTime()))) {
      misbehaviour.add("what could be sent still waits " + AT_REST_WITHIN + " after the healing");
    }
  }

  /** A relay that is gone and that nobody stopped is a finding; it is started again. */
  private void lookAfterRelays() throws Exception {
    for (RelaySlot relay : scene.relays) {
      if (relay.free.tryAcquire()) {
        try {
          if (!relay.process().alive()) {
            misbehaviour.add(
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
                  scene.postgres,
                  DATABASE,
                  journal,
                  writersStop,
                  plan.writerPauseMillis(),
                  () -> gentle),
              "writer-" + i);
      writer.start();
      writers.add(writer);
    }
    return writers;
  }

  /** Waits until every destination gets lines, and then a while without a fault. */
  private void calm() {
    await(
        Duration.ofSeconds(60),
        () -> scene.stations.stream().allMatch(station -> station.inbox.firstArrivals() > 0));
    never.await(CALM);
  }

  /** Prepared transactions whose writer lost its connection: nobody else will end them. */
  private void decideForgottenTransactions(int olderThanSeconds) {
    try (Connection connection = scene.postgres.connect(DATABASE);
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

  /** Everything that is owed arrives, and what was set aside is wanted again. */
  private void drain() throws Exception {
    if (!await(DRAIN_WITHIN, this::nothingIsOwed)) {
      misbehaviour.add(
          "still owed after "
              + DRAIN_WITHIN
              + ": "
              + scene.postgres.value(
                  DATABASE,
                  "select string_agg(line, '; ') from (select destination || ' ' || state || ' '"
                      + " || count(*) || ' oldest ' || min(id) as line from outbox.message"
                      + " where state <> 'delivered' group by destination, state) owed"));
    }
  }

  private boolean nothingIsOwed() {
    try {
      lookAfterRelays();
      scene.postgres.execute(DATABASE, "select outbox.requeue_failed()");
      return scene.postgres.value(DATABASE, OWED).equals("0");
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
    watchStop.set();
    maker.close();
    waits.close();
    yardstick.close();
    scene.close();
  }
}
