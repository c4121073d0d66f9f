// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RelayLogFileTest {
  private static final String INFO =
      "2026-01-02T03:04:05.678Z INFO  [core] relay - destination ERROR: delivering, epoch 1";
  private static final String WARN =
      "2026-01-02T03:04:05.679Z WARN  [core] relay - lost the database: java.io.IOException: gone";

  @TempDir Path directory;

  private RelayLogFile log(String... lines) throws IOException {
    return new RelayLogFile(Files.write(directory.resolve("relay.log"), List.of(lines)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-01-02T03:04:05.680Z ERROR [core] relay - unexpected: this is a bug",
        "Exception in thread \"core\" java.lang.IllegalStateException: twice",
        "Exception: java.lang.OutOfMemoryError thrown from the UncaughtExceptionHandler",
        "java.lang.IllegalStateException: twice",
        "java.lang.StackOverflowError",
        "# A fatal error has been detected by the Java Runtime Environment:"
      })
  void fault_ofALogWithOne_isThatLine(String fault) throws IOException {
    RelayLogFile log =
        log(INFO, WARN, fault, "\tat dev.outboxrelay.relay.loop.EventLoop.run(Core.java:7)");
    assertEquals(Optional.of(fault), log.fault());
    IllegalStateException refusal = assertThrows(IllegalStateException.class, log::requireNoFault);
    assertTrue(String.valueOf(refusal.getMessage()).endsWith(fault), refusal.getMessage());
  }

  @Test
  void fault_ofALogWithWarningsAlone_isNone() throws IOException {
    RelayLogFile log = log(INFO, WARN);
    assertEquals(Optional.empty(), log.fault());
    assertEquals(List.of(WARN), log.warnings());
  }
}
