// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every command line and every flag that a page for users names can be typed. */
final class FlagsOfPagesTest {
  /** With the lines that go on: after a backslash, or a synopsis that is indented. */
  private static final Pattern LINE =
      Pattern.compile(
          "(?m)(?:^ *|`|[$] |exec relay )(?:bin/)?outbox-relay +"
              + "([a-z](?:[^`\n]*\\\\\n)*[^`\n]*(?:\n {4,}\\[.*)*)");

  private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
  private static final Pattern SHELL = Pattern.compile("(?ms)^ *```sh\n(.*?)^ *```$");
  private static final Pattern FLAG = Pattern.compile("(?<![\\w-])--[a-z][a-z-]*");
  private static final Pattern DEFAULT =
      Pattern.compile("`(--[a-z-]+)`\\s+\\((\\d+ (?:ms|s|m|h|d))\\)");
  private static final int LEAST = 100;

  /** Of other programs, which the pages name too. */
  private static final Set<String> OF_OTHERS =
      Set.of(
          "--build",
          "--build-arg",
          "--data-only",
          "--disable-triggers",
          "--from-literal",
          "--keep-open",
          "--listen",
          "--now",
          "--recv-only",
          "--set",
          "--strip-components");

  private static Set<String> flags(String command) {
    return Commands.of(command).getCommandSpec().options().stream()
        .flatMap(option -> Arrays.stream(option.names()))
        .collect(Collectors.toSet());
  }

  /** The longest of the program's commands that a line begins with. */
  private static Optional<String> command(String line) {
    return Commands.all()
        .filter(command -> line.equals(command) || line.matches("(?s)" + command + "[^a-z-].*"))
        .max(Comparator.comparingInt(String::length));
  }

  private static Stream<String> found(Pattern pattern, String text, int group) {
    return pattern.matcher(text).results().map(each -> each.group(group));
  }

  @Test
  void commandLines_onEachPage_nameCommandsAndTheirFlags() throws Exception {
    Set<String> wrong = new TreeSet<>();
    int seen = 0;
    for (Path page : UsersPages.all()) {
      for (String line : found(LINE, Files.readString(page), 1).toList()) {
        seen++;
        String typed = line.split(" # | [|>] |: ", 2)[0];
        Optional<String> command = command(typed);
        if (command.isEmpty()) {
          wrong.add(page + ": " + typed);
          continue;
        }
        Set<String> known = flags(command.get());
        found(FLAG, typed, 0)
            .filter(flag -> !known.contains(flag))
            .forEach(flag -> wrong.add(page + ": " + command.get() + " " + flag));
      }
    }
    assertEquals(Set.of(), wrong);
    assertTrue(seen > LEAST, seen + " lines");
  }

  @Test
  void flags_betweenBackticksAndInShells_areKnown() throws Exception {
    Set<String> known = new TreeSet<>(OF_OTHERS);
    Commands.all().forEach(command -> known.addAll(flags(command)));
    Set<String> wrong = new TreeSet<>();
    for (Path page : UsersPages.all()) {
      String text = Files.readString(page);
      Stream.concat(found(CODE, text, 1), found(SHELL, text, 1))
          .flatMap(code -> found(FLAG, code, 0))
          .filter(flag -> !known.contains(flag))
          .forEach(flag -> wrong.add(page + ": " + flag));
    }
    assertEquals(Set.of(), wrong);
  }

  /** As prose writes it: {@code `--stop-timeout` (8 s)}. */
  @Test
  void defaults_inBracketsBehindFlags_areThoseOfTheProgram() throws Exception {
    Set<String> known = new TreeSet<>();
    Commands.all()
        .flatMap(command -> Commands.of(command).getCommandSpec().options().stream())
        .filter(option -> option.defaultValue() != null)
        .forEach(option -> known.add(option.longestName() + " " + option.defaultValue()));
    Set<String> wrong = new TreeSet<>();
    int seen = 0;
    for (Path page : UsersPages.all()) {
      for (MatchResult each : DEFAULT.matcher(Files.readString(page)).results().toList()) {
        seen++;
        String named = each.group(1) + " " + each.group(2).replace(" ", "");
        if (!known.contains(named)) {
          wrong.add(page + ": " + named);
        }
      }
    }
    assertEquals(Set.of(), wrong);
    assertTrue(seen > 0, "none was found");
  }
}
