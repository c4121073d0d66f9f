// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** A destination's rate. */
final class RateTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long MILLI = 1_000_000L;

  /** Sends whatever may be sent, whenever the rate says so, with timers that are late. */
  private static int sentIn(Rate rate, long from, long nanos, Random random) {
    int sent = 0;
    for (long now = from; now - from < nanos; ) {
      int available = rate.available(now);
      if (available > 0) {
        rate.sent(available);
        sent += available;
      } else {
        now += rate.waitMillis(now) * MILLI + random.nextInt(20) * MILLI;
      }
    }
    return sent;
  }

  @Test
  void rate_everythingOwed_isKeptAndUsed() {
    for (int perSecond : new int[] {1, 3, 20, 99, 1000, 70_000, 1_000_000}) {
      long start = Long.MAX_VALUE - 3 * SECOND; // the clock may begin anywhere
      int sent = sentIn(new Rate(perSecond, start), start, 10 * SECOND, new Random(1));
      int most = perSecond * 10 + 1;
      assertTrue(sent <= most && sent >= most * 0.97 - 1, perSecond + " a second: " + sent);
    }
  }

  @Test
  void rate_afterAQuietHour_hasNoBurst() {
    Rate rate = new Rate(1000, 0);
    assertEquals(51, rate.available(3600 * SECOND));
    rate.sent(51);
    assertEquals(0, rate.available(3600 * SECOND));
    assertEquals(10, rate.waitMillis(3600 * SECOND));
  }

  @Test
  void rateOfOne_first_goesAtOnceAndTheNextASecondLater() {
    Rate rate = new Rate(1, 5);
    assertEquals(1, rate.available(5));
    rate.sent(1);
    assertEquals(1000, rate.waitMillis(5));
    assertEquals(0, rate.available(5 + SECOND - 1));
    assertEquals(1, rate.available(5 + SECOND));
  }
}
