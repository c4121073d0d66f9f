// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.ChildSignals;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RunCommandTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** What an operator waits for SIGTERM at most. */
  private static final Duration STOP_BOUND = Duration.ofSeconds(10);

  private static final int HEAP_MEGABYTES = 128;

  @TempDir Path folder;

  private RelayProcess start(TestDatabase db, String... more) throws IOException {
    String[] flags = new String[more.length + 2];
    flags[0] = "--database-password";
    flags[1] = db.password();
    System.arraycopy(more, 0, flags, 2, more.length);
    return RelayProcess.start(
        db.url(), db.user(), folder.resolve("relay.log"), HEAP_MEGABYTES, flags);
  }

  private static CommandRun runInProcess(TestDatabase db, String... more) {
    String[] args = new String[more.length + 1];
    args[0] = "run";
    System.arraycopy(more, 0, args, 1, more.length);
    return CommandRun.of(
        Map.of(
            "OUTBOX_RELAY_DATABASE_URL", db.url(),
            "OUTBOX_RELAY_DATABASE_USER", db.user(),
            "OUTBOX_RELAY_DATABASE_PASSWORD", db.password()),
        args);
  }

  private static int status(int port, String path) {
    try {
      return get(port, path).statusCode();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HttpResponse<String> get(int port, String path)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void relay_started_deliversServesMetricsAndExits0OnSigterm() throws Exception {
    List<String> lines = new CopyOnWriteArrayList<>();
    int httpPort = Ports.free();
    try (TestDatabase db = TestDatabase.create();
        Receiver receiver =
            Receiver.start(
                ReceiverOptions.DEFAULTS,
                line -> lines.add(new String(line, StandardCharsets.UTF_8)));
        RelayProcess relay = start(db, "--http-port", "" + httpPort, "--http-host", "127.0.0.1")) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('d', 'tcp://127.0.0.1:"
              + receiver.port()
              + "')",
          "select outbox.publish('d', '{\"hello\": \"world\"}')");
      Await.until("the message arrives", PATIENCE, () -> !lines.isEmpty());
      assertTrue(lines.get(0).contains("\"hello\""), lines.get(0));

      Await.until("the relay is ready", PATIENCE, () -> status(httpPort, "/health/ready") == 200);
      String metrics = get(httpPort, "/metrics").body();
      assertTrue(metrics.contains("outbox_relay_connected 1.0"), metrics);
      assertTrue(
          metrics.contains("outbox_relay_destination_sent_total{destination=\"d\"} 1.0"), metrics);
      assertTrue(metrics.contains("jvm_memory_used_bytes"), metrics);

      assertTrue(relay.terminate(STOP_BOUND), "still alive after " + STOP_BOUND);
      String log = Files.readString(relay.log());
      assertEquals(ExitCode.OK, relay.exitCode(), log);
      assertFalse(log.contains(" WARN "), log);
    }
  }

  @Test
  void server_absent_isWaitedForAndSigtermStillExits0() throws Exception {
    Path log = folder.resolve("relay.log");
    String url = "jdbc:postgresql://localhost:1/shop?password=secret";
    try (RelayProcess relay =
        RelayProcess.start(url, "u", log, HEAP_MEGABYTES, "--log-level", "debug")) {
      Await.until(
          "the relay tries a third time",
          PATIENCE,
          () -> Files.exists(log) && Files.readString(log).split("cannot be used").length > 3);
      assertTrue(relay.terminate(STOP_BOUND), "still alive after " + STOP_BOUND);
      String text = Files.readString(log);
      assertEquals(ExitCode.OK, relay.exitCode(), text);
      assertTrue(text.contains("localhost:1/shop"), text);
      assertFalse(text.contains("secret"), text);
      assertFalse(text.contains("\tat "), text);
      assertEquals(1, text.lines().filter(line -> line.contains(" WARN ")).count(), text);
    }
  }

  @Test
  void server_thatAcceptsAndIsSilent_holdsUpNeitherTheLogNorSigterm() throws Exception {
    Path log = folder.resolve("relay.log");
    try (ServerSocket silent = new ServerSocket(0)) {
      String url = "jdbc:postgresql://localhost:" + silent.getLocalPort() + "/shop";
      try (RelayProcess relay = RelayProcess.start(url, "u", log, HEAP_MEGABYTES)) {
        Await.until(
            "the relay says that it cannot log in",
            PATIENCE,
            () -> Files.exists(log) && Files.readString(log).contains("cannot be used yet"));
        assertTrue(relay.terminate(STOP_BOUND), "still alive after " + STOP_BOUND);
        assertEquals(ExitCode.OK, relay.exitCode(), Files.readString(log));
      }
    }
  }

  /** The relay waits for a server, so that the test needs none. */
  @Test
  void sighup_isLoggedAndDoesNotEndTheRelay() throws Exception {
    Path log = folder.resolve("relay.log");
    try (RelayProcess relay =
        RelayProcess.start("jdbc:postgresql://localhost:1/shop", "u", log, HEAP_MEGABYTES)) {
      Await.until(
          "the relay runs",
          PATIENCE,
          () -> Files.exists(log) && Files.readString(log).contains("database localhost:1/shop"));
      assumeTrue(
          ChildSignals.reachChildren(ChildSignals.HANG_UP),
          "SIGHUP is ignored here, by nohup perhaps");
      relay.hangUp();
      Await.until(
          "the signal is logged",
          PATIENCE,
          () -> !relay.alive() || Files.readString(log).contains("SIGHUP"));
      assertTrue(relay.alive(), Files.readString(log));
      assertTrue(relay.terminate(STOP_BOUND), "still alive after " + STOP_BOUND);
      assertEquals(ExitCode.OK, relay.exitCode(), Files.readString(log));
    }
  }

  @Test
  void schema_missing_isOneLineAndExitCode4() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      CommandRun run = runInProcess(db);
      assertEquals(ExitCode.SCHEMA_MISSING, run.exitCode(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains("outbox-relay migrate"), run.err());
    }
  }

  @Test
  void schema_droppedUnderARunningRelay_isOneLineAndExitCode4() throws Exception {
    List<String> lines = new CopyOnWriteArrayList<>();
    try (TestDatabase db = TestDatabase.create();
        Receiver receiver =
            Receiver.start(
                ReceiverOptions.DEFAULTS,
                line -> lines.add(new String(line, StandardCharsets.UTF_8)));
        RelayProcess relay = start(db)) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('d', 'tcp://127.0.0.1:"
              + receiver.port()
              + "')",
          "select outbox.publish('d', '{}')");
      Await.until("the message arrives", PATIENCE, () -> !lines.isEmpty());
      db.execute("drop schema outbox cascade");
      assertTrue(relay.awaitEnd(PATIENCE), "still there");
      String text = Files.readString(relay.log());
      assertEquals(ExitCode.SCHEMA_MISSING, relay.exitCode(), text);
      List<String> told = text.lines().filter(line -> !line.contains(" INFO ")).toList();
      assertEquals(1, told.size(), text);
      assertTrue(told.get(0).contains("has no schema outbox: run"), told.get(0));
    }
  }

  @Test
  void setting_nonsense_isOneLineWithValueAndExitCode2() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      for (String[] flag :
          List.of(
              new String[] {"--sweep", "1ms"},
              new String[] {"--pool-size", "1"},
              new String[] {"--page-size", "0"},
              new String[] {"--memory-budget", "1kB"},
              new String[] {"--heartbeat-bound", "5ms"},
              new String[] {"--name", " "},
              new String[] {"--http-port", "70000"},
              new String[] {"--allow-destinations", "10.0.0.0/99"},
              new String[] {"--secrets-dir", "/no/such/directory"},
              new String[] {"--allow-destinations", ""},
              new String[] {"--allow-destinations", " , "})) {
        CommandRun run = runInProcess(db, flag);
        assertEquals(ExitCode.USAGE, run.exitCode(), flag[0] + ": " + run.err());
        assertEquals(1, run.err().lines().count(), run.err());
      }
    }
  }

  /** A variable that lost its value must not let go of what it bounds. */
  @Test
  void allowDestinations_emptyInTheEnvironment_isRefused() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      CommandRun run =
          CommandRun.of(
              Map.of(
                  "OUTBOX_RELAY_DATABASE_URL", db.url(),
                  "OUTBOX_RELAY_DATABASE_USER", db.user(),
                  "OUTBOX_RELAY_DATABASE_PASSWORD", db.password(),
                  "OUTBOX_RELAY_ALLOW_DESTINATIONS", ""),
              "run");
      assertEquals(ExitCode.USAGE, run.exitCode(), run.err());
      assertTrue(run.err().contains("the list is empty"), run.err());
    }
  }

  /** Whoever may write destinations could have it sent to a host of his own. */
  @Test
  void secretsDir_withTheDatabasesPasswordInIt_isRefused(@TempDir Path directory) throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      Path password = Files.writeString(directory.resolve("password"), db.password() + "\n");
      CommandRun run =
          CommandRun.of(
              Map.of(
                  "OUTBOX_RELAY_DATABASE_URL", db.url(),
                  "OUTBOX_RELAY_DATABASE_USER", db.user(),
                  "OUTBOX_RELAY_DATABASE_PASSWORD_FILE", password.toString(),
                  "OUTBOX_RELAY_SECRETS_DIR", directory.toString()),
              "run");
      assertEquals(ExitCode.USAGE, run.exitCode(), run.err());
      assertTrue(run.err().contains("holds the database's password too"), run.err());
    }
  }

  @Test
  void httpPort_taken_isOneLineAndExitCode2() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        ServerSocket taken = new ServerSocket(0)) {
      CommandRun run = runInProcess(db, "--http-port", "" + taken.getLocalPort());
      assertEquals(ExitCode.USAGE, run.exitCode(), run.err());
      assertTrue(run.err().contains("" + taken.getLocalPort()), run.err());
    }
  }
}
