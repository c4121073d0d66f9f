// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RelayProcessTest {
  @TempDir Path directory;

  private static BenchServer server() {
    TestServer server = TestServer.shared();
    return BenchServer.given(server.url("postgres"), server.user(), server.password());
  }

  @Test
  void relay_whoseLogHoldsAnError_isNotWell() throws Exception {
    Path log = directory.resolve("relay.log");
    String error = "2026-01-02T03:04:05.678Z ERROR [core] Relay - unexpected: this is a bug";
    try (BenchServer server = server();
        BenchDatabase database = BenchDatabase.create(server, "outbox_relay_bench_process");
        RelayProcess relay =
            RelayProcess.start(database, new RelayLogFile(log), List.of(), List.of())) {
      relay.requireWell();
      Files.writeString(log, error + "\n");
      IllegalStateException refusal = assertThrows(IllegalStateException.class, relay::requireWell);
      assertTrue(String.valueOf(refusal.getMessage()).contains(error), refusal.getMessage());
    }
  }

  @Test
  void relay_thatHasEnded_isNotWellAndItsOutputIsTold() throws Exception {
    try (BenchServer server = server();
        BenchDatabase database = BenchDatabase.create(server, "outbox_relay_bench_process");
        RelayProcess relay =
            RelayProcess.start(
                database,
                new RelayLogFile(directory.resolve("relay.log")),
                List.of(),
                List.of("--no-such-flag"))) {
      Patience patience = new Patience(Duration.ofSeconds(60));
      IOException refusal =
          assertThrows(
              IOException.class,
              () -> {
                while (true) {
                  relay.requireWell();
                  patience.await(0, "the relay has not ended");
                }
              });
      assertTrue(
          String.valueOf(refusal.getMessage()).contains("--no-such-flag"), refusal.getMessage());
    }
  }
}
