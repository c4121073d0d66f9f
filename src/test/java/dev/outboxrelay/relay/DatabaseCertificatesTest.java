// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.Await;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates of the way to the database, changed on both sides while the relay runs. */
final class DatabaseCertificatesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The name in the certificates is the login's. */
  private static final String LOGIN = "test";

  @TempDir Path folder;

  private void serverFiles(Certificates authority) throws Exception {
    Certificates.Identity identity = authority.forLocalhost();
    Certificates.writeCertificate(identity.certificate(), folder.resolve("server.pem"));
    Path key = Certificates.writeKey(identity.key(), folder.resolve("server.key"));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    Certificates.writeCertificate(authority.certificate(), folder.resolve("clients.pem"));
  }

  private void relayFiles(Certificates authority) throws Exception {
    Certificates.Identity identity = authority.forName("relay");
    Certificates.writeCertificate(identity.certificate(), folder.resolve("relay.pem"));
    Path key = folder.resolve("relay.pk8");
    Files.write(key, identity.key().getEncoded());
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    Certificates.writeCertificate(authority.certificate(), folder.resolve("root.pem"));
  }

  @Test
  void filesOfTheUrl_replaced_areReadAgain() throws Exception {
    Path access = folder.resolve("access.conf");
    Files.writeString(
        access, "host all postgres 127.0.0.1/32 trust\nhostssl all test 127.0.0.1/32 cert\n");
    List<String> losses = new CopyOnWriteArrayList<>();
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void databaseLost(String reason, long retryInMillis) {
            losses.add(reason);
          }
        };
    Certificates authority = new Certificates("first");
    serverFiles(authority);
    relayFiles(authority);
    try (PostgresProcess server =
            PostgresProcess.create(
                PostgresBinaries.embedded(),
                Map.of(
                    "hba_file", access.toString(),
                    "ssl", "on",
                    "ssl_cert_file", folder.resolve("server.pem").toString(),
                    "ssl_key_file", folder.resolve("server.key").toString(),
                    "ssl_ca_file", folder.resolve("clients.pem").toString()));
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      new Migrator(server.url("postgres"), PostgresProcess.USER, "").migrate();
      server.execute(
          "postgres",
          "create role test login",
          "grant outbox_relay to test",
          "insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')",
          "select outbox.publish('d', '{}')");
      String url =
          server.url("postgres")
              + "?sslmode=verify-ca&sslrootcert="
              + folder.resolve("root.pem")
              + "&sslcert="
              + folder.resolve("relay.pem")
              + "&sslkey="
              + folder.resolve("relay.pk8");
      RelayConfig config =
          RelayConfig.defaults(
              new DatabaseSettings(
                  url, LOGIN, "", 3, Duration.ofSeconds(5), Duration.ofSeconds(10)),
              "test");
      try (RunningRelay relay = RunningRelay.start(config, events)) {
        receiver.awaitLines(1, PATIENCE);
        Certificates renewed = new Certificates("second");
        serverFiles(renewed);
        server.execute("postgres", "select pg_reload_conf()");
        Await.until(
            "the relay is out",
            PATIENCE,
            () -> {
              server.execute(
                  "postgres",
                  "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'test'");
              return losses.stream().anyMatch(reason -> reason.contains("SSL error"));
            });
        relayFiles(renewed);
        server.execute("postgres", "select outbox.publish('d', '{}')");
        receiver.awaitLines(2, PATIENCE);
      }
      assertTrue(losses.size() > 1, losses::toString);
    }
  }
}
