// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Between the driver and its socket stands TLS, which has words of its own for what breaks. */
final class FloodOverTlsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  @Test
  @Tag("full")
  void flood_overTls_isTakenForOneAndMessagesGoOn() throws Exception {
    Certificates.Identity identity = new Certificates("server").forLocalhost();
    Certificates.writeCertificate(identity.certificate(), folder.resolve("server.pem"));
    Path key = Certificates.writeKey(identity.key(), folder.resolve("server.key"));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    List<String> losses = new CopyOnWriteArrayList<>();
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void databaseLost(String reason, long retryInMillis) {
            losses.add(reason);
          }
        };
    try (PostgresProcess server =
            PostgresProcess.create(
                PostgresBinaries.embedded(),
                Map.of(
                    "ssl", "on",
                    "ssl_cert_file", folder.resolve("server.pem").toString(),
                    "ssl_key_file", key.toString()));
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      new Migrator(server.url("postgres"), PostgresProcess.USER, "").migrate();
      server.execute(
          "postgres",
          "insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')",
          "select outbox.publish('d', '{}')");
      RelayConfig config =
          RelayConfig.defaults(
              new DatabaseSettings(
                  server.url("postgres") + "?sslmode=require",
                  PostgresProcess.USER,
                  "",
                  3,
                  Duration.ofSeconds(5),
                  Duration.ofSeconds(10)),
              "test");
      try (RunningRelay relay = RunningRelay.start(config, events)) {
        receiver.awaitLines(1, PATIENCE);
        for (int round = 2; round <= 5; round++) {
          server.execute(
              "postgres",
              "select count(pg_notify('outbox', g || repeat('x', 7900)))"
                  + " from generate_series(1, 3000) g",
              "select outbox.publish('d', '{}')");
          receiver.awaitLines(round, PATIENCE);
        }
      }
    }
    assertEquals(List.of(), losses);
  }
}
