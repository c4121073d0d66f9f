// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The compose file of examples/brokers starts each consumer with all that it asks for. */
final class BrokersComposeTest {
  private static final Path FOLDER = Path.of("examples/brokers");
  private static final Pattern VARIABLE = Pattern.compile("process\\.env\\.(\\w+)");
  private static final Pattern PACKAGE = Pattern.compile("require\\('(\\w+)'\\)");

  @Test
  void consumers_each_areStartedWithTheirPackagesAndVariables() throws Exception {
    String compose = Files.readString(FOLDER.resolve("compose.yml"));
    List<Path> consumers;
    try (Stream<Path> files = Files.list(FOLDER)) {
      consumers = files.filter(file -> file.toString().endsWith(".js")).sorted().toList();
    }
    assertEquals(3, consumers.size());
    for (Path consumer : consumers) {
      String script = Files.readString(consumer);
      String name = consumer.getFileName().toString();
      Matcher command =
          Pattern.compile("npm install ([\\w ]+) && node " + Pattern.quote(name)).matcher(compose);
      assertTrue(command.find(), name);
      assertEquals(all(PACKAGE, script), new TreeSet<>(List.of(command.group(1).split(" "))), name);
      for (String variable : all(VARIABLE, script)) {
        assertTrue(compose.contains(" " + variable + ": "), name + " asks for " + variable);
      }
    }
  }

  private static TreeSet<String> all(Pattern pattern, String text) {
    TreeSet<String> found = new TreeSet<>();
    pattern.matcher(text).results().forEach(each -> found.add(each.group(1)));
    return found;
  }
}
