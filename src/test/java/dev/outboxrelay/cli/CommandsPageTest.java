// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The commands page describes each command of the program, and no other. */
final class CommandsPageTest {
  private static final Path PAGE = Path.of("docs/reference/commands.md");
  private static final Pattern HEADING = Pattern.compile("(?m)^##+ (?:`([a-z -]+)`)?.*$");
  private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]+)\\)");
  private static final Pattern FLAG_ROW = Pattern.compile("(?m)^\\| `--[^|]*\\|");
  private static final Pattern FLAG = Pattern.compile("--[a-z-]+");
  private static final Pattern NUMBER = Pattern.compile("\\b\\d+\\b");

  /** Each section by its command's name. */
  private static Map<String, String> sections() throws IOException {
    String page = Files.readString(PAGE);
    Map<String, String> sections = new LinkedHashMap<>();
    Matcher heading = HEADING.matcher(page);
    String command = null;
    int begin = 0;
    while (heading.find()) {
      if (command != null) {
        sections.put(command, page.substring(begin, heading.start()));
      }
      command = heading.group(1);
      begin = heading.end();
    }
    if (command != null) {
      sections.put(command, page.substring(begin));
    }
    return sections;
  }

  /** Those whose flags are not settings, which stand on the configuration page. */
  static Stream<String> commandsOfAPerson() {
    return Commands.all()
        .filter(
            command ->
                !Set.of("run", "migrate", "receive", "check-receiver", "demo", "bench")
                    .contains(command));
  }

  @Test
  void commands_ofTheProgram_areThoseOfThePage() throws Exception {
    assertEquals(
        Commands.all().collect(Collectors.toCollection(TreeSet::new)),
        new TreeSet<>(sections().keySet()));
  }

  @ParameterizedTest
  @MethodSource("commandsOfAPerson")
  void section_ofEachCommand_namesItsFlagsParametersAndDefaults(String command) throws Exception {
    String section = sections().get(command);
    CommandSpec spec = Commands.of(command).getCommandSpec();
    List<Executable> checks = new java.util.ArrayList<>();
    for (OptionSpec option : spec.options()) {
      if (Environment.hasVariable(option) || option.usageHelp()) {
        continue;
      }
      String name = "`" + option.longestName() + "`";
      checks.add(() -> assertTrue(section.contains(name), name));
      if (option.defaultValue() != null) {
        String row = "| " + name + " | `" + option.defaultValue() + "` |";
        checks.add(() -> assertTrue(section.contains(row), row));
      }
    }
    spec.positionalParameters()
        .forEach(p -> checks.add(() -> assertTrue(section.contains("`" + p.paramLabel() + "`"))));
    checks.add(() -> assertTrue(section.contains("\noutbox-relay " + command), "a synopsis"));
    assertAll(checks);
  }

  /** What a page tells to type and the program refuses is worse than what it leaves out. */
  @ParameterizedTest
  @MethodSource("commandsOfAPerson")
  void flags_ofEachSection_areThoseOfTheCommand(String command) throws Exception {
    Set<String> known =
        Commands.of(command).getCommandSpec().options().stream()
            .map(OptionSpec::longestName)
            .collect(Collectors.toSet());
    Set<String> named =
        FLAG_ROW
            .matcher(sections().get(command))
            .results()
            .flatMap(row -> FLAG.matcher(row.group()).results().map(flag -> flag.group()))
            .collect(Collectors.toCollection(TreeSet::new));
    named.removeAll(known);
    assertEquals(Set.of(), named);
  }

  @ParameterizedTest
  @MethodSource("commandsOfAPerson")
  void section_ofEachCommand_hasTheExitCodesOfItsHelp(String command) throws Exception {
    Set<String> ofHelp =
        Commands.of(command).getCommandSpec().usageMessage().exitCodeList().keySet().stream()
            .flatMap(CommandsPageTest::numbers)
            .collect(Collectors.toCollection(TreeSet::new));
    String section = sections().get(command);
    String codes = section.substring(section.indexOf("Exit codes:"));
    codes = codes.contains("\n\n") ? codes.substring(0, codes.indexOf("\n\n")) : codes;
    assertEquals(ofHelp, numbers(codes).collect(Collectors.toCollection(TreeSet::new)));
  }

  private static Stream<String> numbers(String text) {
    return NUMBER.matcher(text).results().map(found -> found.group());
  }

  @ParameterizedTest
  @MethodSource("commandsOfAPerson")
  void help_ofEachCommand_hasExamplesThatCanBeRead(String command) {
    CommandRun run = CommandRun.of(Map.of(), Commands.words(command, "--help"));
    assertTrue(run.out().contains("Examples:\n"), run.out());
    assertTrue(run.out().contains("Exit codes:\n"), run.out());
    assertTrue(run.out().lines().allMatch(line -> line.length() <= 100), run.out());
  }

  @Test
  void links_ofThePage_leadToFiles() throws Exception {
    Matcher links = LINK.matcher(Files.readString(PAGE));
    List<Executable> checks = new java.util.ArrayList<>();
    while (links.find()) {
      Path target = PAGE.resolveSibling(links.group(1));
      checks.add(() -> assertTrue(Files.exists(target), target + " is not there"));
    }
    assertAll(checks);
  }
}
