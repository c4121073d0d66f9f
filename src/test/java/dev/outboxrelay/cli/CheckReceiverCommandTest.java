// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CheckReceiverCommandTest {
  private static CommandRun check(Receiver receiver, String... more) {
    String[] args = new String[more.length + 2];
    args[0] = "check-receiver";
    args[1] = "tcp://127.0.0.1:" + receiver.port();
    System.arraycopy(more, 0, args, 2, more.length);
    return CommandRun.of(Map.of(), args);
  }

  @Test
  void receiver_thatAcknowledges_passesEverything() throws Exception {
    try (Receiver receiver = Receiver.start(ReceiverOptions.DEFAULTS, line -> {})) {
      CommandRun run = check(receiver);
      assertEquals(ExitCode.OK, run.exitCode(), run.out());
      assertTrue(run.out().lines().allMatch(line -> line.startsWith("ok ")), run.out());
    }
  }

  @Test
  void receiver_thatIsSilent_failsWithExitCode9() throws Exception {
    try (Receiver receiver =
        Receiver.start(ReceiverOptions.DEFAULTS.withSilent(true), line -> {})) {
      CommandRun run = check(receiver, "--patience", "1s");
      assertEquals(ExitCode.FINDINGS, run.exitCode(), run.out());
      assertTrue(run.out().contains("FAIL  "), run.out());
    }
  }

  @Test
  void uri_nonsense_isOneLineAndExitCode2() {
    CommandRun run = CommandRun.of(Map.of(), "check-receiver", "localhost:9000");
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertEquals(1, run.err().lines().count(), run.err());
  }
}
