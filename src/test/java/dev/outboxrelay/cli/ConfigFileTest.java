// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** Settings in a file, beneath variables and flags. */
final class ConfigFileTest {
  @TempDir Path folder;

  private Path file(String... lines) throws Exception {
    return Files.writeString(folder.resolve("outbox.properties"), String.join("\n", lines));
  }

  @Test
  void printConfig_ofFileVariableAndFlag_tellsWhichWins() throws Exception {
    Path file = file("# ours", "sweep = 30s", "page-size = 10", "pool-size = 5");
    CommandRun run =
        CommandRun.of(
            Map.of("OUTBOX_RELAY_PAGE_SIZE", "20", "OUTBOX_RELAY_POOL_SIZE", ""),
            "run",
            "--config",
            file.toString(),
            "--print-config",
            "--stop-timeout=3s",
            "--page-size=30");
    assertEquals("", run.err());
    assertEquals(ExitCode.OK, run.exitCode());
    assertTrue(run.out().contains("sweep = 30s  # " + file), run.out());
    assertTrue(run.out().contains("page-size = 30  # flag"), run.out());
    assertTrue(run.out().contains("pool-size = 5  # " + file), run.out());
    assertTrue(run.out().contains("heartbeat-bound = 10s  # default"), run.out());
    CommandRun byVariable =
        CommandRun.of(
            Map.of("OUTBOX_RELAY_PAGE_SIZE", "20", "OUTBOX_RELAY_CONFIG", file.toString()),
            "run",
            "--print-config");
    assertTrue(
        byVariable.out().contains("page-size = 20  # OUTBOX_RELAY_PAGE_SIZE"), byVariable.out());
  }

  @Test
  void printConfig_withPasswords_showsNone() throws Exception {
    String one = UUID.randomUUID().toString();
    String two = UUID.randomUUID().toString();
    String three = UUID.randomUUID().toString();
    Path file =
        file(
            "database-password = " + one,
            "database-url = jdbc:postgresql://u:" + two + "@h/d?password=" + three + "&ssl=true");
    CommandRun run = CommandRun.of(Map.of(), "run", "--config=" + file, "--print-config");
    assertTrue(run.out().contains("database-password = (hidden)"), run.out());
    for (String secret : new String[] {one, two, three}) {
      assertFalse(run.out().contains(secret), run.out());
    }
  }

  @Test
  void file_withUnknownKey_isRefusedWithTheNearestName() throws Exception {
    Path file = file("swep = 30s");
    CommandRun run = CommandRun.of(Map.of(), "run", "--config", file.toString());
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertEquals(
        "outbox-relay: configuration file "
            + file
            + ": 'swep' is no setting; did you mean 'sweep'?",
        run.err().strip());
  }

  @Test
  void file_withAKeyTwiceOrNotThere_isRefused() throws Exception {
    Path file = file("sweep = 30s", "sweep = 40s");
    CommandRun twice = CommandRun.of(Map.of(), "run", "--config", file.toString());
    assertTrue(twice.err().contains("'sweep' is given twice: give it once"), twice.err());
    CommandRun gone = CommandRun.of(Map.of(), "run", "--config", file + ".not");
    assertTrue(gone.err().contains("there is no such file"), gone.err());
    assertEquals(ExitCode.USAGE, gone.exitCode());
  }

  @Test
  void file_withNonsense_isNamedAsItsOrigin() throws Exception {
    Path file = file("sweep = soon");
    CommandRun run = CommandRun.of(Map.of(), "run", "--config", file.toString());
    assertTrue(run.err().contains(", given by " + file), run.err());
  }

  @Test
  void hangup_afterAChangeOfTheFile_changesTheLevelAlone() throws Exception {
    Path file = file("log-level = info");
    String[] args = {"run", "--config", file.toString()};
    FileSettings read = ConfigFile.of(args, Map.of(), Main.names());
    Environment environment = new Environment(Map.of(), read);
    CommandLine program = Main.commandLine(Map.of());
    program.setDefaultValueProvider(environment);
    program.parseArgs(args);
    CommandLine run = program.getSubcommands().get("run");
    Logger logger = LoggerFactory.getLogger("dev.outboxrelay");
    Level before = ((ch.qos.logback.classic.Logger) logger).getLevel();
    try {
      file("log-level = debug");
      new LevelAgain(run.getCommandSpec()).run();
      assertTrue(logger.isDebugEnabled());
      file("log-level = loud");
      new LevelAgain(run.getCommandSpec()).run();
      assertTrue(logger.isDebugEnabled());
      file("log-levl = warn");
      new LevelAgain(run.getCommandSpec()).run();
      assertTrue(logger.isDebugEnabled());
    } finally {
      ((ch.qos.logback.classic.Logger) logger).setLevel(before);
    }
  }
}
