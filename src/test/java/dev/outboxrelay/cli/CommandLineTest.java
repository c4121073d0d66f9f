// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Model.OptionSpec;

final class CommandLineTest {
  private static final Map<String, String> NOTHING_SET = Map.of();
  private static final Pattern VARIABLE = Pattern.compile("OUTBOX_RELAY_[A-Z_]+");

  static Stream<String> commands() {
    return Commands.all();
  }

  private static Stream<OptionSpec> options(String command) {
    return allOptions(command).filter(Environment::hasVariable);
  }

  private static Stream<OptionSpec> allOptions(String command) {
    return Commands.of(command).getCommandSpec().options().stream()
        .filter(option -> !option.hidden());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void help_ofEachCommand_listsEveryFlagWithItsVariableAndDefault(String command) {
    CommandRun run = CommandRun.of(NOTHING_SET, Commands.words(command, "--help"));
    assertEquals(ExitCode.OK, run.exitCode());
    assertAll(
        allOptions(command)
            .map(
                option -> {
                  String standard =
                      option.defaultValue() == null ? "" : "default " + option.defaultValue();
                  String variable =
                      Environment.hasVariable(option) ? Environment.variable(option) : "";
                  String line =
                      variable.isEmpty() || standard.isEmpty()
                          ? variable + standard
                          : variable + ", " + standard;
                  return (Executable) () -> assertTrue(run.out().contains(line), line);
                }));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void configurationPage_ofEachCommand_listsEveryFlagWithItsVariableAndDefault(String command)
      throws Exception {
    String page = Files.readString(Path.of("docs/reference/configuration.md"));
    assertAll(
        options(command)
            .map(
                option -> {
                  String standard = option.defaultValue();
                  String row =
                      "| `"
                          + option.longestName()
                          + "` | `"
                          + Environment.variable(option)
                          + "` | "
                          + (standard == null ? "" : "`" + standard + "` ")
                          + "|";
                  return (Executable) () -> assertTrue(page.contains(row), row);
                }));
  }

  @Test
  void configurationPage_namesNoOtherFlags() throws Exception {
    Set<String> known =
        commands()
            .flatMap(CommandLineTest::options)
            .map(option -> option.longestName() + " " + Environment.variable(option))
            .collect(Collectors.toSet());
    Set<String> named =
        Pattern.compile("(?m)^\\| `(--[a-z-]+)` \\| `(OUTBOX_RELAY_[A-Z_]+)` \\|")
            .matcher(Files.readString(Path.of("docs/reference/configuration.md")))
            .results()
            .map(row -> row.group(1) + " " + row.group(2))
            .collect(Collectors.toCollection(TreeSet::new));
    assertFalse(named.isEmpty());
    named.removeAll(known);
    assertEquals(Set.of(), named);
  }

  static List<Path> whatUsersCopy() throws IOException {
    List<Path> files = new ArrayList<>(UsersPages.all());
    files.add(Path.of("docker-compose.yml"));
    files.add(Path.of("packaging/outbox-relay.env"));
    files.add(Path.of("packaging/outbox-relay.service"));
    return files;
  }

  /** A misspelt one would be ignored. */
  @Test
  void variables_inWhatUsersCopy_areThoseOfFlags() throws Exception {
    Set<String> known =
        commands()
            .flatMap(CommandLineTest::options)
            .map(Environment::variable)
            .collect(Collectors.toSet());
    Set<String> unknown = new TreeSet<>();
    for (Path file : whatUsersCopy()) {
      VARIABLE
          .matcher(Files.readString(file))
          .results()
          .map(MatchResult::group)
          .filter(variable -> !known.contains(variable) && !variable.endsWith("_"))
          .forEach(variable -> unknown.add(file + ": " + variable));
    }
    assertEquals(Set.of(), unknown);
  }

  @Test
  void flag_nonsense_isOneLineWithTheValueAndExitCode2() {
    CommandRun run = CommandRun.of(NOTHING_SET, "migrate", "--wait", "soon");
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("--wait") && run.err().contains("'soon'"), run.err());
  }

  @Test
  void variable_nonsense_isNamed() {
    CommandRun run = CommandRun.of(Map.of("OUTBOX_RELAY_WAIT", "soon"), "migrate");
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("OUTBOX_RELAY_WAIT"), run.err());
  }

  /** As they were typed, not in a form that nobody types. */
  @ParameterizedTest
  @MethodSource("commands")
  void duration_nonsense_isAnsweredInTheFormThatPeopleType(String command) {
    String url = "--database-url=jdbc:postgresql://localhost:1/x";
    allOptions(command)
        .filter(option -> option.type() == Duration.class)
        .forEach(
            option -> {
              for (String value : List.of("soon", "-1s", "PT-1S")) {
                CommandRun run =
                    CommandRun.of(
                        NOTHING_SET, Commands.words(command, option.longestName(), value));
                assertEquals(ExitCode.USAGE, run.exitCode(), option.longestName() + run.err());
                assertFalse(run.err().replace("PT-1S", "").contains("PT"), run.err());
              }
            });
    if (command.equals("run")) {
      for (String tooShort : List.of("--sweep", "--poll", "--heartbeat-bound")) {
        CommandRun run = CommandRun.of(NOTHING_SET, command, url, tooShort, "7ms");
        assertEquals(ExitCode.USAGE, run.exitCode(), run.err());
        assertTrue(run.err().contains(" is 7ms, need 1"), run.err());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "OUTBOX_RELAY_SWEP, OUTBOX_RELAY_SWEEP",
    "OUTBOX_RELAY_DB_URL, OUTBOX_RELAY_DATABASE_URL",
    "OUTBOX_RELAY_DATABASE_PASWORD_FILE, OUTBOX_RELAY_DATABASE_PASSWORD_FILE",
    "OUTBOX_RELAY_HTPP_PORT, OUTBOX_RELAY_HTTP_PORT",
    "outbox_relay_poll, OUTBOX_RELAY_POLL"
  })
  void variable_misspelt_isWarnedAboutWithTheNearestAndWithoutItsValue(
      String variable, String nearest) {
    for (String command : List.of("run", "migrate", "doctor")) {
      CommandRun run = CommandRun.of(Map.of(variable, "secret"), command);
      List<String> lines = run.err().lines().toList();
      assertEquals(2, lines.size(), run.err());
      assertTrue(lines.get(0).contains(variable + " is no setting"), run.err());
      assertTrue(lines.get(0).contains("did you mean " + nearest + "?"), run.err());
      assertFalse(run.err().contains("secret"), run.err());
    }
  }

  /**
   * What is to be discarded is no setting: an environment that was forgotten must not choose it.
   */
  @ParameterizedTest
  @ValueSource(strings = {"requeue", "discard", "failed list", "destinations add", "backfill"})
  void flagsThatSayWhatToDo_haveNoVariables(String command) {
    assertEquals(
        Set.of(
            "--database-url",
            "--database-user",
            "--database-password",
            "--database-password-file",
            "--log-level",
            "--log-format",
            "--config"),
        options(command).map(OptionSpec::longestName).collect(Collectors.toSet()));
  }

  /** Another command's, and what Kubernetes sets for a Service named outbox-relay. */
  @Test
  void variable_ofAnotherCommandOrOfAServiceLink_isNotWarnedAbout() {
    CommandRun run =
        CommandRun.of(
            Map.of(
                "OUTBOX_RELAY_SWEEP", "1m",
                "OUTBOX_RELAY_SERVICE_HOST", "10.0.0.1",
                "OUTBOX_RELAY_SERVICE_PORT", "9464",
                "OUTBOX_RELAY_SERVICE_PORT_HTTP", "9464",
                "OUTBOX_RELAY_METRICS_PORT", "tcp://10.0.0.1:9464",
                "OUTBOX_RELAY_PORT_9464_TCP", "tcp://10.0.0.1:9464",
                "OUTBOX_RELAY_PORT_9464_TCP_ADDR", "10.0.0.1"),
            "migrate");
    assertEquals(1, run.err().lines().count(), run.err());
  }

  @Test
  void flag_mistyped_isNamedWithoutItsValue() {
    CommandRun run = CommandRun.of(NOTHING_SET, "migrate", "--database-pasword=secret");
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertTrue(run.err().contains("--database-pasword"), run.err());
    assertFalse(run.err().contains("secret"), run.err());
  }

  @Test
  void command_missing_isOneLineAndExitCode2() {
    CommandRun run = CommandRun.of(NOTHING_SET);
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertEquals(1, run.err().lines().count(), run.err());
  }

  @Test
  void database_notGiven_namesFlagAndVariable() {
    CommandRun run = CommandRun.of(Map.of("OUTBOX_RELAY_DATABASE_URL", ""), "migrate");
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertTrue(run.err().contains("--database-url"), run.err());
    assertTrue(run.err().contains("OUTBOX_RELAY_DATABASE_URL"), run.err());
  }

  @Test
  void passwordFile_unreadable_isNamed() {
    CommandRun run =
        CommandRun.of(
            NOTHING_SET,
            "migrate",
            "--database-url=jdbc:postgresql://localhost/x",
            "--database-password-file=/nowhere/at/all");
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertTrue(run.err().contains("/nowhere/at/all"), run.err());
  }

  @Test
  void password_byFlagAndFile_isRefused() {
    CommandRun run =
        CommandRun.of(
            Map.of("OUTBOX_RELAY_DATABASE_PASSWORD", "secret"),
            "migrate",
            "--database-url=jdbc:postgresql://localhost/x",
            "--database-password-file=/dev/null");
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertFalse(run.err().contains("secret"), run.err());
  }
}
