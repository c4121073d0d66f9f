package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReceiveCheckTest {

  @Test
  void receiver_thatConforms_passesAndExitsWithZero() throws Exception {
    try (Receiver receiver = Receiver.start(ReceiverOptions.DEFAULTS, line -> {})) {
      CommandRun run = check(receiver.port(), "30s");
      assertEquals(ExitCode.OK, run.exitCode(), run::out);
      assertEquals(10, run.out().lines().filter(line -> line.startsWith("pass")).count());
    }
  }

  @Test
  void receiver_thatNeverAnswers_failsAndExitsWithOne() throws Exception {
    try (Receiver receiver =
        Receiver.start(ReceiverOptions.DEFAULTS.withSilent(true), line -> {})) {
      CommandRun run = check(receiver.port(), "200ms");
      assertEquals(ExitCode.FINDINGS, run.exitCode(), run::out);
      assertTrue(run.out().contains("FAIL  pipelining"), run::out);
    }
  }

  private static CommandRun check(int port, String patience) {
    return CommandRun.of(
        Map.of(), "receive", "--check", "tcp://127.0.0.1:" + port, "--check-patience", patience);
  }
}
