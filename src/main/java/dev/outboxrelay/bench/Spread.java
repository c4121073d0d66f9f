// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Messages spread over a number of destinations, all that the database has. */
final class Spread {
  private static final int MESSAGES_A_COMMIT = 10;
  private static final int CLIENTS = 8;
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  private final Stage stage;
  private final BenchDatabase database;
  private final Arrivals arrivals;
  private final RelayProcess relay;
  private final Backlog backlog;
  private final RelayDrain drain;

  /** What came of a steady offer. */
  record Offered(double perSecond, double relayCpuMicros, double serverCpuMicros) {}

  /** What came of a drain; CPU a message. */
  record Emptied(
      Drained drained, double relayCpuMicros, double serverCpuMicros, double benchCpuMicros) {}

  Spread(
      Stage stage, BenchDatabase database, Arrivals arrivals, RelayProcess relay, int destinations)
      throws SQLException {
    this.stage = stage;
    this.database = database;
    this.arrivals = arrivals;
    this.relay = relay;
    backlog = Backlog.create(database, arrivals.uri(), destinations);
    drain = new RelayDrain(database, backlog, arrivals, relay);
  }

  /** Offers messages at a rate, and waits for all; the destinations are paused afterwards. */
  Offered offer(int perSecond, int messages) throws Exception {
    backlog.resume();
    rest();
    long before = arrivals.count();
    double relayCpu = Cpu.secondsOf(relay.pid());
    double serverCpu = stage.serverCpu();
    long started = System.nanoTime();
    new Writers(database, "select 1", CLIENTS)
        .atRate(perSecond / MESSAGES_A_COMMIT, messages / MESSAGES_A_COMMIT, publications());
    arrivals.await(before + messages, NOTHING_NEW);
    backlog.awaitCompletion(NOTHING_NEW);
    double seconds = (System.nanoTime() - started) / 1e9;
    Offered offered =
        new Offered(
            messages / seconds,
            (Cpu.secondsOf(relay.pid()) - relayCpu) * 1e6 / messages,
            (stage.serverCpu() - serverCpu) * 1e6 / messages);
    relay.requireWell();
    if (arrivals.count() - before != messages) {
      throw new IllegalStateException(
          (arrivals.count() - before) + " of " + messages + " messages came");
    }
    backlog.pause();
    return offered;
  }

  /** Drains that do not count. */
  void warmUp(int messages) throws Exception {
    drain.warmUp(messages);
  }

  /** Drains a backlog, the destinations being paused. */
  Emptied drain(int messages) throws Exception {
    backlog.owe(messages);
    rest();
    double relayCpu = Cpu.secondsOf(relay.pid());
    double serverCpu = stage.serverCpu();
    double benchCpu = Cpu.secondsOf(ProcessHandle.current().pid());
    Drained drained = drain.drain(messages);
    return new Emptied(
        drained,
        (Cpu.secondsOf(relay.pid()) - relayCpu) * 1e6 / messages,
        (stage.serverCpu() - serverCpu) * 1e6 / messages,
        (Cpu.secondsOf(ProcessHandle.current().pid()) - benchCpu) * 1e6 / messages);
  }

  /** A relay has heard of a pause or of its end by then. */
  private void rest() throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(stage.size(1000, 100));
  }

  private Writers.Factory publications() {
    String sql =
        "select count(outbox.publish("
            + backlog.destination("m.number")
            + ", json_build_object('id', m.number, 'note', repeat('abcdefghij', 25)),"
            + " key => (abs(hashint8(m.number)::bigint) % 1000)::text))"
            + " from (select ?::bigint * "
            + MESSAGES_A_COMMIT
            + " + g as number from generate_series(1, "
            + MESSAGES_A_COMMIT
            + ") g) m";
    return connection -> {
      PreparedStatement publish = connection.prepareStatement(sql);
      return number -> {
        publish.setLong(1, number);
        publish.execute();
      };
    };
  }
}
