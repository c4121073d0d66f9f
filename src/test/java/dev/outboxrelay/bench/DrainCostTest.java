// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a drained message costs has not grown by more than a third. CPU is told in that of a server
 * from which somebody reads and deletes alone, in the same run: that makes up for the machine. The
 * least of the rounds counts, since other work on the machine only ever adds.
 */
@Tag("full")
@Tag("alone")
@Timeout(900)
final class DrainCostTest {
  private static final int MESSAGES = 200_000;
  private static final int ROUNDS = 3;
  private static final double GROWTH = 4.0 / 3;

  /** The relay's process. */
  private static final double RELAY = 2.6;

  /** The relay's sessions in PostgreSQL. */
  private static final double SESSIONS = 1.7;

  private static final double STATEMENTS_A_MESSAGE = 0.004;

  @TempDir Path output;

  @Test
  void drain_ofAMessage_costsNoMoreThanItDid() throws Exception {
    try (BenchServer server = BenchServer.counting();
        BenchDatabase database = BenchDatabase.create(server, "outbox_relay_bench_ratchet");
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay =
            RelayProcess.start(
                database,
                new RelayLogFile(output.resolve("relay.log")),
                RelayJava.SHIPPED.flags(),
                List.of())) {
      OptionalLong postmaster = Cpu.postmaster(server);
      assumeTrue(Double.isFinite(Cpu.secondsOfServer(postmaster)), "no CPU times are told here");
      Orders orders = Orders.create(database, "ratchet", arrivals.uri(), "key");
      RelayDrain drain = new RelayDrain(database, orders, arrivals, relay);
      BareDrain bare = new BareDrain(database, orders.destination());
      Statements statements = Statements.of(database);
      drain.run(MESSAGES);
      double bareCpu = Double.MAX_VALUE;
      double relayCpu = Double.MAX_VALUE;
      double sessionCpu = Double.MAX_VALUE;
      double calls = Double.MAX_VALUE;
      for (int round = 0; round < ROUNDS; round++) {
        orders.owe(MESSAGES);
        double used = Cpu.secondsOfServer(postmaster);
        bare.run(MESSAGES);
        used = Cpu.secondsOfServer(postmaster) - used;
        bareCpu = Math.min(bareCpu, used * 1e6 / MESSAGES);
        orders.owe(MESSAGES);
        statements.forget();
        long polls = drain.polls();
        CpuShares before = CpuShares.now(database, postmaster, relay);
        drain.drain(MESSAGES);
        CpuShares taken = CpuShares.now(database, postmaster, relay).since(before, MESSAGES);
        relayCpu = Math.min(relayCpu, taken.relay());
        sessionCpu = Math.min(sessionCpu, taken.sessions());
        long own = drain.polls() - polls;
        calls = Math.min(calls, statements.counts().stream().mapToLong(c -> c.calls()).sum() - own);
      }
      assertNotGrown("the relay's CPU", relayCpu / bareCpu, RELAY);
      assertNotGrown("its sessions' CPU", sessionCpu / bareCpu, SESSIONS);
      assertNotGrown("statements a message", calls / MESSAGES, STATEMENTS_A_MESSAGE);
    }
  }

  private static void assertNotGrown(String what, double now, double known) {
    System.out.printf("%s: %.4f, was %.4f%n", what, now, known);
    assertTrue(now <= known * GROWTH, what + " is " + now + ", was " + known);
  }
}
