// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestServer;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class WritersTest {
  private static final long STALL_NANOS = 200_000_000L;

  /** Ten commits are due within a tenth of a second, and the first takes longer than that. */
  @Test
  void commitsThatAStallDelays_areLateSinceTheyWereDue_notSinceTheyWereSent() throws Exception {
    TestServer server = TestServer.shared();
    try (BenchServer given =
            BenchServer.given(server.url("postgres"), server.user(), server.password());
        BenchDatabase database = BenchDatabase.create(given, "outbox_relay_bench_writers")) {
      Writers.Work work =
          new Writers(database, "select 1", 1)
              .atRate(
                  100,
                  10,
                  connection ->
                      number -> {
                        long until = System.nanoTime() + (number == 1 ? STALL_NANOS : 0);
                        while (System.nanoTime() < until) {
                          LockSupport.parkNanos(until - System.nanoTime());
                        }
                      });
      assertEquals(10, work.commits());
      assertTrue(work.sinceDue().millis(20) >= 100, "the least late but one: waited for the first");
      assertTrue(
          work.commitTimes().millis(20) < work.sinceDue().millis(20),
          "the quickest took " + work.commitTimes().millis(20) + " ms");
      assertTrue(work.sinceDue().millis(100) >= 200);
    }
  }
}
