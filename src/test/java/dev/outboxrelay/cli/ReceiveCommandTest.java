// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.ChildSignals;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReceiveCommandTest {
  private static final int TIMEOUT_MILLIS = 30_000;

  @TempDir Path folder;

  private static Program receive(int port, String... flags) throws IOException {
    return receive(port, ProcessBuilder.Redirect.INHERIT, flags);
  }

  private static Program receive(int port, ProcessBuilder.Redirect log, String... flags)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("receive", "--port", "" + port, "--host", "127.0.0.1"));
    command.addAll(List.of(flags));
    return Program.start(command, Map.of(), log);
  }

  /** Sends a line and returns the line that comes back. */
  private static String ask(int port, String line) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      BufferedReader answers =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      return answers.readLine();
    }
  }

  @Test
  void message_received_isPrintedAsItCameAndAcknowledged() throws Exception {
    int port = Ports.free();
    try (Program program = receive(port)) {
      program.awaitPort(port);
      String message = "{\"id\":\"17\",  \"new\":{\"name\":\"Zoë\",\"price\":12.50}}";
      assertEquals("{\"ack\":\"17\"}", ask(port, message));
      assertEquals(message, program.line());
    }
  }

  @Test
  void message_matchingTheRefusal_isRefusedAsTheFlagsSay() throws Exception {
    int port = Ports.free();
    try (Program program =
        receive(port, "--refuse", "Mallory", "--reason", "not here", "--no-retry")) {
      program.awaitPort(port);
      String answer = ask(port, "{\"id\":\"18\",\"new\":{\"name\":\"Mallory\"}}");
      assertTrue(answer.contains("\"nack\":\"18\""), answer);
      assertTrue(answer.contains("\"reason\":\"not here\""), answer);
      assertTrue(answer.contains("\"retry\":false"), answer);
      assertEquals("{\"ack\":\"19\"}", ask(port, "{\"id\":\"19\"}"));
    }
  }

  @Test
  void sighup_withoutTerminal_doesNotEndTheReceiver() throws Exception {
    int port = Ports.free();
    Path log = folder.resolve("receive.log");
    try (Program program = receive(port, ProcessBuilder.Redirect.to(log.toFile()))) {
      program.awaitPort(port);
      assumeTrue(
          ChildSignals.reachChildren(ChildSignals.HANG_UP),
          "SIGHUP is ignored here, by nohup perhaps");
      program.hangUp();
      Await.until("the signal is logged", () -> Files.readString(log).contains("SIGHUP"));
      assertEquals("{\"ack\":\"20\"}", ask(port, "{\"id\":\"20\"}"));
      assertEquals("{\"id\":\"20\"}", program.line());
    }
  }

  @Test
  void check_whenNobodySends_failsWithExitCode9() throws Exception {
    CommandRun run = check("--patience", "200ms");
    assertEquals(ExitCode.FINDINGS, run.exitCode(), run.err());
    assertTrue(run.out().lines().allMatch(line -> line.startsWith("FAIL  ")), run.out());
  }

  @Test
  void check_ofASenderThatKeepsToTheProtocol_isExitCode0() throws Exception {
    int port = Ports.free();
    Thread sender = new Thread(() -> sendOnceItListens(port));
    sender.setDaemon(true);
    sender.start();
    CommandRun run = check("--port", "" + port, "--ack", "none", "--format", "payload");
    assertEquals(ExitCode.OK, run.exitCode(), run.out());
    assertTrue(run.out().contains("ok    well-formed: 1 messages"), run.out());
  }

  private static CommandRun check(String... flags) {
    List<String> args = new ArrayList<>(List.of("receive", "--check", "--host", "127.0.0.1"));
    if (!List.of(flags).contains("--port")) {
      args.addAll(List.of("--port", "0"));
    }
    args.addAll(List.of(flags));
    return CommandRun.of(Map.of(), args.toArray(String[]::new));
  }

  private static void sendOnceItListens(int port) {
    for (int tries = 0; tries < 3_000; tries++) {
      try (Socket socket = new Socket("127.0.0.1", port)) {
        socket.getOutputStream().write("{\"id\":1}\n".getBytes(StandardCharsets.UTF_8));
        return;
      } catch (IOException e) {
        LockSupport.parkNanos(10_000_000);
      }
    }
  }

  @Test
  void check_ofLinesOfPayload_isRefused() {
    CommandRun run = check("--format", "payload");
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertEquals(1, run.err().lines().count(), run.err());
  }
}
