// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sabotage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The sabotages fit the sources as they are: each applies, and names a test that there is. A patch
 * that no longer applies breaks nothing, and a name that matches no test passes for one that fails.
 */
final class PatchesTest {
  private static final Path PATCHES = Path.of("src/test/sabotage");
  private static final Path TESTS = Path.of("src/test/java");

  static List<Path> patches() throws IOException {
    try (Stream<Path> files = Files.list(PATCHES)) {
      return files.filter(file -> file.toString().endsWith(".patch")).sorted().toList();
    }
  }

  @Test
  void patches_all_areFound() throws IOException {
    assertTrue(patches().size() >= 21, () -> "only few patches in " + PATCHES);
  }

  @ParameterizedTest
  @MethodSource("patches")
  void patch_appliedToTheSources_fitsAtOnePlace(Path patch) throws IOException {
    String text = "";
    String file = "";
    List<String> block = new ArrayList<>();
    int hunks = 0;
    for (String line : Files.readAllLines(patch, UTF_8)) {
      if (line.startsWith("diff ") || line.startsWith("@@")) {
        hunks += check(file, text, block);
      }
      if (line.startsWith("+++ b/")) {
        file = line.substring("+++ b/".length());
        text = "\n" + Files.readString(Path.of(file), UTF_8);
      } else if (line.startsWith("--- ") || line.startsWith("@@")) {
        block.clear();
      } else if (line.startsWith(" ") || line.startsWith("-")) {
        block.add(line.substring(1));
      }
    }
    assertTrue(hunks + check(file, text, block) > 0, "the patch changes nothing");
  }

  private static int check(String file, String text, List<String> block) {
    if (block.isEmpty()) {
      return 0;
    }
    String wanted = "\n" + String.join("\n", block) + "\n";
    assertTrue(text.contains(wanted), () -> file + " does not contain" + wanted);
    block.clear();
    return 1;
  }

  @ParameterizedTest
  @MethodSource("patches")
  void patch_namesATest_thatThereIs(Path patch) throws IOException {
    List<String> tests =
        Files.readAllLines(patch, UTF_8).stream()
            .filter(line -> line.startsWith("Test: "))
            .map(line -> line.substring("Test: ".length()))
            .toList();
    assertEquals(1, tests.size(), "lines with Test:");
    String[] parts = tests.get(0).split("#", 2);
    String source = sourcesWithSupers(parts[0]);
    assertFalse(source.isEmpty(), () -> "there is no class " + parts[0]);
    if (parts.length == 2) {
      String method = parts[1].replace("*", "");
      assertTrue(source.contains(" void " + method), () -> "there is no test " + method + " in it");
    }
  }

  /** A contract's tests stand in the class that this one extends. */
  private static String sourcesWithSupers(String className) throws IOException {
    List<String> texts = new ArrayList<>();
    String next = className;
    while (!next.isEmpty()) {
      String text = source(next);
      texts.add(text);
      next = text.contains(" extends ") ? superclass(text, next) : "";
    }
    return String.join("", texts);
  }

  private static String superclass(String text, String className) {
    String mark = "class " + className + " extends ";
    int at = text.indexOf(mark);
    return at < 0 ? "" : text.substring(at + mark.length()).split("\\W", 2)[0];
  }

  private static String source(String className) throws IOException {
    try (Stream<Path> files = Files.walk(TESTS)) {
      List<Path> found = files.filter(file -> file.endsWith(className + ".java")).limit(1).toList();
      return found.isEmpty() ? "" : Files.readString(found.get(0), UTF_8);
    }
  }
}
