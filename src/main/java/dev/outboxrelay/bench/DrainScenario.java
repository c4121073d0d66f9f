// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.List;
import java.util.Locale;

/** How fast a backlog is delivered and completed, beside what the database alone allows. */
final class DrainScenario implements Scenario {
  @Override
  public String name() {
    return "drain";
  }

  @Override
  public String title() {
    return "messages of 300 B owed, in order by key, each acknowledged and completed";
  }

  @Override
  public Result run(Stage stage) throws Exception {
    int messages = stage.size(500_000, 1_000);
    Series subject = new Series();
    Series bare = new Series();
    Series cpuRelay = new Series();
    Series cpuServer = new Series();
    Series cpuBench = new Series();
    Series cpuServerBare = new Series();
    Series cpuBenchBare = new Series();
    Series young = new Series();
    Series cpuYoung = new Series();
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database)) {
      Orders orders = Orders.create(database, "drain", arrivals.uri(), "key");
      RelayDrain relayDrain = new RelayDrain(database, orders, arrivals, relay);
      BareDrain bareDrain = new BareDrain(database, orders.destination());
      for (int i = 0; i < RelayDrain.WARM_UPS; i++) {
        double relayed = Cpu.secondsOf(relay.pid());
        young.add(relayDrain.run(messages).perSecond());
        cpuYoung.add((Cpu.secondsOf(relay.pid()) - relayed) * 1e6 / messages);
        orders.owe(messages);
        bareDrain.run(messages);
      }
      Turns.Turn bareTurn =
          () -> {
            orders.owe(messages);
            double server = stage.serverCpu();
            double own = Cpu.secondsOf(ProcessHandle.current().pid());
            bare.add(bareDrain.run(messages));
            cpuServerBare.add((stage.serverCpu() - server) * 1e6 / messages);
            cpuBenchBare.add((Cpu.secondsOf(ProcessHandle.current().pid()) - own) * 1e6 / messages);
          };
      Turns.Turn relayTurn =
          () -> {
            orders.owe(messages);
            double server = stage.serverCpu();
            double relayed = Cpu.secondsOf(relay.pid());
            double own = Cpu.secondsOf(ProcessHandle.current().pid());
            subject.add(relayDrain.drain(messages).perSecond());
            cpuServer.add((stage.serverCpu() - server) * 1e6 / messages);
            cpuRelay.add((Cpu.secondsOf(relay.pid()) - relayed) * 1e6 / messages);
            cpuBench.add((Cpu.secondsOf(ProcessHandle.current().pid()) - own) * 1e6 / messages);
          };
      for (int run = 1; run <= stage.runs(); run++) {
        Turns.take(run, bareTurn, relayTurn);
        stage.say(
            String.format(
                Locale.ROOT,
                "drain %d/%d: %s messages/s, bare limit %s/s",
                run,
                stage.runs(),
                subject,
                bare));
      }
    }
    Figure figure =
        Figure.against("drain", "messages/s", subject, "read and delete alone", bare)
            .ratioAtLeast(0.7)
            .atLeast(120_000);
    return Result.of(
        List.of(
            figure,
            Figure.against(
                "CPU of PostgreSQL",
                "µs/message",
                cpuServer,
                "read and delete alone",
                cpuServerBare),
            Figure.of("CPU of the relay", "µs/message", cpuRelay),
            Figure.of("CPU of the receiver", "µs/message", cpuBench),
            Figure.of("CPU of who reads and deletes alone", "µs/message", cpuBenchBare),
            Figure.of("the first drains of a relay's life", "messages/s", young),
            Figure.of("CPU of the relay in them", "µs/message", cpuYoung)));
  }
}
