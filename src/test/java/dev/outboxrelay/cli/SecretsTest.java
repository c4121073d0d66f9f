// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.ScriptedReceiver;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A password that is changed while the relay runs. */
final class SecretsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int HEAP_MEGABYTES = 128;

  /** Ends the sessions of the relay's login, as an operator does after a change. */
  private static final String END_SESSIONS =
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'relay'";

  @TempDir Path folder;
  private Path passwordFile;
  private PostgresProcess server;
  private ScriptedReceiver receiver;

  @BeforeEach
  void setUp() throws Exception {
    Path access = folder.resolve("access.conf");
    Files.writeString(
        access,
        "host all postgres 127.0.0.1/32 trust\nhost all relay 127.0.0.1/32 scram-sha-256\n");
    server =
        PostgresProcess.create(PostgresBinaries.embedded(), Map.of("hba_file", access.toString()));
    new Migrator(server.url("postgres"), PostgresProcess.USER, "").migrate();
    receiver = ScriptedReceiver.start();
    passwordFile = Files.createDirectory(folder.resolve("credentials")).resolve("password");
    Files.writeString(passwordFile, "first\n");
    server.execute(
        "postgres",
        "create role relay login password 'first'",
        "grant outbox_relay to relay",
        "insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')");
  }

  @AfterEach
  void tearDown() throws Exception {
    receiver.close();
    server.close();
  }

  private RelayProcess relay(Map<String, String> environment, String... more) throws IOException {
    List<String> flags = new java.util.ArrayList<>(List.of(more));
    flags.addAll(List.of("--database-password-file", passwordFile.toString()));
    return RelayProcess.start(
        server.url("postgres"),
        "relay",
        folder.resolve("relay.log"),
        HEAP_MEGABYTES,
        environment,
        flags.toArray(String[]::new));
  }

  private void publish() throws Exception {
    server.execute("postgres", "select outbox.publish('d', '{}')");
  }

  private String log() throws IOException {
    return Files.readString(folder.resolve("relay.log"));
  }

  private static String readiness(int port) throws InterruptedException {
    try {
      return HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health/ready"))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void password_changedWhileTheRelayRuns_isReadAgainAndDeliveryGoesOn() throws Exception {
    int port = Ports.free();
    try (RelayProcess relay =
        relay(Map.of(), "--http-port", "" + port, "--http-host", "127.0.0.1")) {
      publish();
      receiver.awaitLines(1, PATIENCE);
      server.execute("postgres", "alter role relay password 'second'", END_SESSIONS);
      Await.until(
          "not ready, and why", PATIENCE, () -> readiness(port).contains("authentication failed"));
      Await.until(
          "tried again a few times",
          PATIENCE,
          () -> Files.readString(server.log()).split("authentication failed").length > 5);
      Files.writeString(passwordFile, "second\n");
      publish();
      receiver.awaitLines(2, PATIENCE);
      Await.until("ready", PATIENCE, () -> readiness(port).startsWith("ready"));
      assertTrue(relay.alive());
    }
    assertEquals(2, log().split("authentication failed").length, "told once: " + log());
  }

  /** Systemd's copy does not change: only a new process sees a new password. */
  @Test
  @Tag("full")
  void copyOfThePassword_outdated_endsTheProcessAndTheNextOneWaitsUntilItIsRight()
      throws Exception {
    Path runtime = Files.createDirectory(folder.resolve("runtime"));
    Map<String, String> systemd =
        Map.of(
            "CREDENTIALS_DIRECTORY", passwordFile.getParent().toString(),
            "RUNTIME_DIRECTORY", runtime.toString());
    try (RelayProcess relay = relay(systemd)) {
      publish();
      receiver.awaitLines(1, PATIENCE);
      server.execute("postgres", "alter role relay password 'second'", END_SESSIONS);
      assertTrue(relay.awaitEnd(PATIENCE), log());
      assertEquals(ExitCode.START_AGAIN, relay.exitCode(), log());
    }
    // Started again before the new password was there.
    try (RelayProcess relay = relay(systemd)) {
      assertTrue(relay.awaitEnd(PATIENCE), log());
      assertEquals(ExitCode.START_AGAIN, relay.exitCode(), log());
    }
    Files.writeString(passwordFile, "second\n");
    try (RelayProcess relay = relay(systemd)) {
      publish();
      receiver.awaitLines(2, PATIENCE);
      assertTrue(relay.alive());
    }
    // A first login that is wrong stays final.
    Files.writeString(passwordFile, "third\n");
    try (RelayProcess relay = relay(systemd)) {
      assertTrue(relay.awaitEnd(PATIENCE), log());
      assertEquals(ExitCode.REFUSED, relay.exitCode(), log());
    }
  }
}
