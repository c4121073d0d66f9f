// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The patches of src/test/sabotage fit the sources, so that run.sh can be run at any time. */
@Tag("alone")
final class SabotageTest {

  static Stream<Path> patches() throws IOException {
    return Files.list(Path.of("src", "test", "sabotage"))
        .filter(file -> file.toString().endsWith(".patch"))
        .sorted();
  }

  @ParameterizedTest
  @MethodSource("patches")
  void patch_againstTheSources_findsTheLinesThatItReplaces(Path patch) throws IOException {
    List<String> source = List.of();
    for (String line : Files.readAllLines(patch)) {
      if (line.startsWith("--- a/")) {
        source = Files.readAllLines(Path.of(line.substring("--- a/".length())));
      } else if (line.startsWith("-")) {
        assertTrue(source.contains(line.substring(1)), patch + " replaces: " + line);
      }
    }
  }
}
