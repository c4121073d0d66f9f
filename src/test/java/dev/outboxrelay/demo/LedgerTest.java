// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LedgerTest {
  private final Ledger ledger = new Ledger();

  @Test
  void change_committedAndNotArrived_isMissing() throws Exception {
    ledger.committing("insert 1 new");
    ledger.committing("insert 2 new");
    ledger.accepted("insert 1 new", System.nanoTime());
    assertEquals(List.of("insert 2 new"), ledger.missing());
    assertFalse(ledger.await(List.of("insert 2 new"), Duration.ofMillis(1)));
    assertTrue(ledger.await(List.of("insert 1 new"), Duration.ofMillis(1)));
  }

  @Test
  void change_arrivedAndNeverCommitted_isInvented() {
    ledger.accepted("insert 1 new", System.nanoTime());
    assertEquals(List.of("insert 1 new"), ledger.invented());
  }

  @Test
  void change_arrivedTwice_isDeliveredOnceAndRepeatedOnce() {
    ledger.committing("insert 1 new");
    ledger.accepted("insert 1 new", System.nanoTime());
    ledger.accepted("insert 1 new", System.nanoTime());
    assertEquals(1, ledger.delivered());
    assertEquals(1, ledger.repeated());
  }

  @Test
  void percentiles_ofKnownValues_areByNearestRank() {
    long[] nanos = new long[100];
    for (int i = 0; i < 100; i++) {
      nanos[i] = (100 - i) * 1_000_000L;
    }
    Percentiles percentiles = new Percentiles(nanos);
    assertEquals(50, percentiles.millis(50));
    assertEquals(99, percentiles.millis(99));
    assertEquals(100, percentiles.millis(100));
    assertTrue(Double.isNaN(new Percentiles(new long[0]).millis(50)));
  }
}
