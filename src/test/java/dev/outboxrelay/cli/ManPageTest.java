// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What {@code man outbox-relay} says, beside what the program does. */
final class ManPageTest {
  private static String section(String name) throws IOException {
    String page = Files.readString(Path.of("packaging/man/outbox-relay.1"));
    return page.split(Pattern.quote(".SH " + name + "\n"), 2)[1].split("\n\\.SH ", 2)[0];
  }

  private static Set<String> found(String section, String pattern) {
    return Pattern.compile(pattern, Pattern.MULTILINE)
        .matcher(section)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void commands_ofThePage_areThoseOfTheProgram() throws IOException {
    Set<String> told =
        found(section("COMMANDS"), "(?<=^\\.TP\n\\.B )\\S+").stream()
            .map(name -> name.replace("\\-", "-"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(new TreeSet<>(Main.commandLine(Map.of()).getSubcommands().keySet()), told);
  }

  @Test
  void exitCodes_ofThePage_areThoseOfTheProgram() throws Exception {
    Set<String> codes = new TreeSet<>();
    for (Field field : ExitCode.class.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
        field.setAccessible(true);
        codes.add(String.valueOf(field.getInt(null)));
      }
    }
    assertEquals(codes, found(section("EXIT STATUS").replaceAll("(?m)^[A-Z].*$", ""), "\\d+"));
  }
}
