// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;

/** The commands of the program, those within others by both words: {@code failed list}. */
final class Commands {
  /** Made once: it takes its time, and is only looked at. */
  private static final CommandLine PROGRAM = Main.commandLine(Map.of());

  private Commands() {}

  /** All that do something. */
  static Stream<String> all() {
    return leaves("", PROGRAM);
  }

  private static Stream<String> leaves(String name, CommandLine command) {
    if (command.getSubcommands().isEmpty()) {
      return Stream.of(name.strip());
    }
    return command.getSubcommands().entrySet().stream()
        .flatMap(each -> leaves(name + " " + each.getKey(), each.getValue()));
  }

  static CommandLine of(String command) {
    CommandLine found = PROGRAM;
    for (String word : command.split(" ")) {
      found = found.getSubcommands().get(word);
    }
    return found;
  }

  /** The words of a command line. */
  static String[] words(String command, String... more) {
    return Stream.concat(Stream.of(command.split(" ")), Stream.of(more)).toArray(String[]::new);
  }
}
