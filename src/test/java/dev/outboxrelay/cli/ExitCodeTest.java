// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class ExitCodeTest {
  private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d+) \\| ");

  /** Could not start, and memory gone; what is above is 128 with a signal's number. */
  private static final Set<Integer> OF_THE_RUNTIME = Set.of(1, 3);

  private static final int FIRST_OF_SIGNALS = 128;

  static Set<Integer> all() throws IllegalAccessException {
    Set<Integer> codes = new TreeSet<>();
    for (Field field : ExitCode.class.getDeclaredFields()) {
      if (!field.isSynthetic()) {
        assertTrue(codes.add(field.getInt(null)), field.getName() + " has another one's number");
      }
    }
    return codes;
  }

  @Test
  void codes_ofOurs_areNoneOfTheJavaRuntimes() throws Exception {
    for (int code : all()) {
      assertFalse(OF_THE_RUNTIME.contains(code), "the Java runtime ends with " + code + ", too");
      assertTrue(code < FIRST_OF_SIGNALS, code + " looks like a signal");
    }
  }

  @Test
  void codes_ofOurs_areThoseOfTheExitCodesPage() throws Exception {
    String page = Files.readString(Path.of("docs/reference/exit-codes.md"));
    String table = page.substring(page.indexOf("| exit code |"), page.indexOf("Exit code 9"));
    Set<Integer> listed = new TreeSet<>();
    ROW.matcher(table).results().map(ExitCodeTest::code).forEach(listed::add);
    assertEquals(all(), listed);
  }

  private static int code(MatchResult row) {
    return Integer.parseInt(row.group(1));
  }
}
