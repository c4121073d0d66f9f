// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class BareDrainTest {
  /** More pages than fit between the two, so that the reader waits when the deleter is gone. */
  @Test
  void drain_whoseDeletionsFail_failsWithTheReason() throws Exception {
    TestServer server = TestServer.shared();
    try (BenchServer given =
            BenchServer.given(server.url("postgres"), server.user(), server.password());
        BenchDatabase database = BenchDatabase.create(given, "outbox_relay_bench_bare")) {
      Orders orders = Orders.create(database, "bare", "tcp://127.0.0.1:1", "key");
      orders.owe(20_000);
      database.execute(
          "create function refuse() returns trigger language plpgsql as $$ begin perform"
              + " pg_sleep(0.5); raise 'not this one'; end $$",
          "create trigger refuse before delete on outbox.pending for each statement execute"
              + " function refuse()");
      IllegalStateException failed =
          assertThrows(
              IllegalStateException.class,
              () -> new BareDrain(database, orders.destination()).run(20_000));
      assertTrue(String.valueOf(failed.getCause()).contains("not this one"), failed.toString());
    }
  }
}
