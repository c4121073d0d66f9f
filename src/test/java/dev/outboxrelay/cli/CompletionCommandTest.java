// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.JavaProcess;
import dev.outboxrelay.testing.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CompletionCommandTest {
  @TempDir static Path folder;

  private static String completed(String line) throws Exception {
    CommandRun run = CommandRun.of(Map.of(), "completion");
    assertEquals(ExitCode.OK, run.exitCode(), run.err());
    Path script = Files.writeString(folder.resolve("completion"), run.out());
    String ask =
        "source "
            + script
            + "; COMP_WORDS=("
            + line
            + " ''); COMP_CWORD=$((${#COMP_WORDS[@]} - 1));"
            + " _complete_outbox-relay; echo \"${COMPREPLY[*]}\"";
    Path output = Files.createTempFile(folder, "completed", "");
    try (JavaProcess bash = JavaProcess.start(List.of("bash", "-c", ask), Map.of(), output)) {
      assertEquals(0, bash.awaitExit(), bash.output());
      return bash.output();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "outbox-relay, status",
    "outbox-relay, completion",
    "outbox-relay destinations, test",
    "outbox-relay failed, list"
  })
  void bash_afterACommand_knowsWhatMayFollow(String line, String next) throws Exception {
    assumeTrue(Program.exists("bash"));
    String completed = completed(line);
    assertTrue(List.of(completed.strip().split("\\s+")).contains(next), completed);
  }

  @Test
  void script_isSoundForTheShell() throws Exception {
    assumeTrue(Program.exists("bash"));
    CommandRun run = CommandRun.of(Map.of(), "completion");
    Path script = Files.writeString(folder.resolve("script"), run.out());
    Path output = folder.resolve("checked");
    try (JavaProcess bash =
        JavaProcess.start(List.of("bash", "-n", script.toString()), Map.of(), output)) {
      assertEquals(0, bash.awaitExit(), bash.output());
    }
  }
}
