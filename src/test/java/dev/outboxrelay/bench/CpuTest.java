// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The CPU time of processes, while some of them end. */
final class CpuTest {
  /** Thirty sessions one after the other, each of which works for a while and ends. */
  private static final String SESSIONS =
      "for i in $(seq 30); do ( j=0; while [ $j -lt 60000 ]; do j=$((j+1)); done ); done;"
          + " echo done; read end";

  /** A session is counted in ticks of 10 ms, which may be rounded otherwise when it has ended. */
  private static final double ROUNDING = 0.02 + 1e-9;

  @Test
  void serverWhoseSessionsEnd_neverHasUsedLessThanBefore() throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/stat")));
    Process server = new ProcessBuilder("sh", "-c", SESSIONS).start();
    try {
      OptionalLong postmaster = OptionalLong.of(server.pid());
      double most = 0;
      while (server.getInputStream().available() == 0) {
        double used = Cpu.secondsOfServer(postmaster);
        assertTrue(used > most - ROUNDING, used + " s after " + most + " s");
        most = Math.max(most, used);
      }
      assertTrue(most > 0.1, "the sessions used " + most + " s, too little to tell");
    } finally {
      server.destroyForcibly();
    }
  }

  @Test
  void threads_ofAProcess_areToldByTheirNames() throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/stat")));
    AtomicBoolean enough = new AtomicBoolean();
    Thread worker =
        new Thread(
            () -> {
              while (!enough.get()) {
                Thread.onSpinWait();
              }
            },
            "a busy one of the test");
    worker.start();
    try {
      long self = ProcessHandle.current().pid();
      Await.until(
          "its work shows",
          () -> Cpu.secondsByThread(self).getOrDefault("a busy one of t", 0.0) > 0.1);
      double all =
          Cpu.secondsByThread(self).values().stream().mapToDouble(Double::doubleValue).sum();
      assertTrue(all <= Cpu.secondsOf(self) + 0.5, all + " s of " + Cpu.secondsOf(self));
    } finally {
      enough.set(true);
      worker.join();
    }
  }
}
