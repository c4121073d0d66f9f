// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class PoolTimerTest {

  @Test
  void housekeeping_throwing_goesOn() throws Exception {
    PoolTimer timer = new PoolTimer();
    try {
      CountDownLatch runs = new CountDownLatch(3);
      timer.scheduleWithFixedDelay(
          () -> {
            runs.countDown();
            throw new NoClassDefFoundError("ours");
          },
          0,
          1,
          TimeUnit.MILLISECONDS);
      assertTrue(runs.await(20, TimeUnit.SECONDS));
    } finally {
      timer.shutdownNow();
    }
  }
}
