// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The whole product under random faults. {@code mvn verify} runs a minute of it; {@code mvn verify
 * -Ptorture -Dtorture.seconds=… -Dtorture.seed=…} as long as one likes.
 */
@Tag("alone")
@Tag("torture")
@Timeout(value = 10, unit = TimeUnit.HOURS)
final class TortureTest {
  private static final int LONG_RUN_SECONDS = 300;

  @Test
  void everyPromise_underRandomFaults_holds() throws Exception {
    int seconds = Integer.getInteger("torture.seconds", 35);
    long seed = Long.getLong("torture.seed", 1);
    boolean longRun = seconds >= LONG_RUN_SECONDS;
    TortureRun.Plan plan =
        new TortureRun.Plan(
            seed,
            seconds,
            Integer.getInteger("torture.relays", longRun ? 3 : 2),
            Integer.getInteger("torture.writers", 6),
            Integer.getInteger("torture.pause", 40),
            Integer.getInteger("torture.gap", longRun ? 3_000 : 500));
    try (TortureRun run = new TortureRun(plan)) {
      Verdict verdict = run.run();
      String report =
          "torture "
              + plan
              + System.lineSeparator()
              + verdict.report()
              + System.lineSeparator()
              + "again: mvn verify -Ptorture -Dtest=TortureTest -Dtorture.seed="
              + seed
              + " -Dtorture.seconds="
              + seconds;
      Files.writeString(Path.of("target", "torture", "report-" + seed + ".txt"), report);
      System.out.println(report);
      assertTrue(verdict.good(), report);
      // A short run may not come to all of them, or leave one no time; it says so.
      assertTrue(verdict.idle() == 0 || !longRun, report);
      assertTrue(verdict.committed() > 0 && verdict.faultCount() > 0, report);
    }
  }
}
