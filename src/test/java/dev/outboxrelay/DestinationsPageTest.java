// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The page of destinations describes every setting that a destination has. */
final class DestinationsPageTest {
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(\\w+)` \\|");

  @Test
  void destination_eachColumnThatCanBeSet_isDescribed() throws Exception {
    String page = Files.readString(Path.of("docs/reference/destinations.md"));
    try (TestDatabase db = TestDatabase.create()) {
      List<String> columns =
          db.query(
              "select column_name from information_schema.columns where table_schema = 'outbox'"
                  + " and table_name = 'destination' and is_identity = 'NO'"
                  + " and is_generated = 'NEVER' and column_name <> 'created_at'");
      assertFalse(columns.isEmpty());
      Set<String> others = new TreeSet<>();
      ROW.matcher(page).results().forEach(row -> others.add(row.group(1)));
      columns.forEach(others::remove);
      assertEquals(Set.of(), others, "no columns");
      assertAll(
          columns.stream()
              .map(
                  column ->
                      (Executable)
                          () -> assertTrue(page.contains("| `" + column + "` |"), column)));
    }
  }
}
