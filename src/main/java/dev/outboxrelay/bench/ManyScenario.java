// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.List;
import java.util.Locale;

/** Many destinations at once, beside one; each side in a database with a relay of its own. */
final class ManyScenario implements Scenario {
  private static final int RATE = 5000;

  @Override
  public String name() {
    return "many";
  }

  @Override
  public String title() {
    return "messages offered at a steady rate, and a drain, spread over many destinations, beside"
        + " one";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(RATE * 20, 500);
    int owed = stage.size(500_000, 200);
    Load spread = new Load();
    Load one = new Load();
    try (BenchDatabase many = stage.database();
        BenchDatabase single = stage.database("one");
        Arrivals arrivals = Arrivals.listen(line -> {});
        Arrivals arrivalsOfOne = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(many);
        RelayProcess relayOfOne = stage.relay(single)) {
      Spread manySide = new Spread(stage, many, arrivals, relay, stage.size(1000, 5));
      Spread oneSide = new Spread(stage, single, arrivalsOfOne, relayOfOne, 1);
      for (Spread side : List.of(manySide, oneSide)) {
        side.offer(RATE, messages / 10);
        side.warmUp(owed);
      }
      for (int run = 1; run <= stage.runs(); run++) {
        Turns.take(
            run,
            () -> one.offered(oneSide.offer(RATE, messages)),
            () -> spread.offered(manySide.offer(RATE, messages)));
        Turns.take(
            run,
            () -> one.drained(oneSide.drain(owed)),
            () -> spread.drained(manySide.drain(owed)));
        stage.say(
            String.format(
                Locale.ROOT,
                "many %d/%d: %s beside %s; drain %s beside %s",
                run,
                stage.runs(),
                spread.rate,
                one.rate,
                spread.drain,
                one.drain));
      }
    }
    return Result.of(
        List.of(
            Figure.against(
                    "delivered of 5,000/s offered",
                    "messages/s",
                    spread.rate,
                    "1 destination",
                    one.rate)
                .ratioAtLeast(0.5),
            Figure.against(
                "CPU of the relay meanwhile",
                "µs/message",
                spread.relayCpu,
                "1 destination",
                one.relayCpu),
            Figure.against(
                "CPU of PostgreSQL meanwhile",
                "µs/message",
                spread.serverCpu,
                "1 destination",
                one.serverCpu),
            Figure.against(
                    "drain of " + Series.number(owed),
                    "messages/s",
                    spread.drain,
                    "1 destination",
                    one.drain)
                .ratioAtLeast(0.5),
            Figure.against("start of that drain", "ms", spread.start, "1 destination", one.start),
            drainCpu("the relay", spread.drainRelayCpu, one.drainRelayCpu),
            drainCpu("PostgreSQL", spread.drainServerCpu, one.drainServerCpu),
            drainCpu("the receiver", spread.drainBenchCpu, one.drainBenchCpu)),
        "each side has a database, a relay and its destinations to itself; the other side's relay is"
            + " up and idle",
        "ten messages a transaction, published with outbox.publish by 8 clients; PostgreSQL's CPU"
            + " includes theirs",
        "rates end with the last row's completion; a drain's begins with the end of the pause, and its"
            + " start lasts to the first receipt");
  }

  private static Figure drainCpu(String whose, Series spread, Series one) {
    return Figure.against("CPU of " + whose + " in it", "µs/message", spread, "1 destination", one);
  }

  /** The figures of one side. */
  private static final class Load {
    final Series rate = new Series();
    final Series relayCpu = new Series();
    final Series serverCpu = new Series();
    final Series drain = new Series();
    final Series start = new Series();
    final Series drainRelayCpu = new Series();
    final Series drainServerCpu = new Series();
    final Series drainBenchCpu = new Series();

    void offered(Spread.Offered offered) {
      rate.add(offered.perSecond());
      relayCpu.add(offered.relayCpuMicros());
      serverCpu.add(offered.serverCpuMicros());
    }

    void drained(Spread.Emptied emptied) {
      drain.add(emptied.drained().perSecond());
      start.add(emptied.drained().startMillis());
      drainRelayCpu.add(emptied.relayCpuMicros());
      drainServerCpu.add(emptied.serverCpuMicros());
      drainBenchCpu.add(emptied.benchCpuMicros());
    }
  }
}
