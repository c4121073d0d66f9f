// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.JavaProcess;
import dev.outboxrelay.testing.TestDatabase;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The one jar serves TCP and HTTP; what else it would need, it names. */
final class AbsentClientIT {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"nats://127.0.0.1/shop, jnats", "kafka://127.0.0.1/shop, kafka-clients"})
  void destination_whoseClientIsAbsent_saysWhichJarIsMissing(String uri, String jar)
      throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      db.execute("insert into outbox.destination (name, uri) values ('broker', '" + uri + "')");
      List<String> command =
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:TieredStopAtLevel=1",
              "-jar",
              Path.of("target/outbox-relay.jar").toAbsolutePath().toString(),
              "destinations",
              "test",
              "broker");
      Map<String, String> database =
          Map.of("OUTBOX_RELAY_DATABASE_URL", db.url(), "OUTBOX_RELAY_DATABASE_USER", db.user());
      try (JavaProcess test = JavaProcess.start(command, database, folder.resolve("test.log"))) {
        assertEquals(ExitCode.FINDINGS, test.awaitExit(), test.output());
        assertTrue(
            test.output().contains(jar + " is not part of this installation"), test.output());
      }
    }
  }
}
