// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.Row;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What all pages show, and what has changed since it was last told: pages that are up to date are
 * told the changes alone. Lives on one thread.
 */
final class Board {
  private Map<String, Row> rows = Map.of();
  private @Nullable Row trouble;
  private @Nullable Row work;
  private @Nullable Instant lookedAt;

  private final Map<String, Row> changed = new LinkedHashMap<>();
  private final List<String> gone = new ArrayList<>();
  private boolean changedElse;
  private byte @Nullable [] whole;

  /** What a look has shown. */
  void show(List<Row> looked, Instant at) {
    changedElse |= trouble != null || lookedAt == null;
    lookedAt = at;
    trouble = null;
    put(looked);
  }

  /** The same as the last look has shown, with what the relay has counted since. */
  void rates(List<Row> looked) {
    put(looked);
  }

  private void put(List<Row> looked) {
    Map<String, Row> now = new LinkedHashMap<>();
    looked.forEach(row -> now.put(row.text("destination"), row));
    now.forEach(
        (name, row) -> {
          if (!row.equals(rows.get(name))) {
            changed.put(name, row);
          }
        });
    for (String name : rows.keySet()) {
      if (!now.containsKey(name)) {
        gone.add(name);
      }
    }
    rows = now;
  }

  /** Why there was no look. */
  void fail(Problem problem) {
    Row now = Row.of("error", problem.words(), "remedy", problem.remedy());
    changedElse |= !now.equals(trouble);
    trouble = now;
  }

  void work(@Nullable Row now) {
    changedElse |= !Objects.equals(now, work);
    work = now;
  }

  /** Whether there is something to tell a page that knows nothing yet. */
  boolean isEmpty() {
    return lookedAt == null && trouble == null;
  }

  /** What has changed since the last time, null when nothing has. */
  byte @Nullable [] changes() {
    if (changed.isEmpty() && gone.isEmpty() && !changedElse) {
      return null;
    }
    byte[] changes = event(false, List.copyOf(changed.values()), List.copyOf(gone));
    changed.clear();
    gone.clear();
    changedElse = false;
    whole = null;
    return changes;
  }

  /** Everything, as of the last {@link #changes}. */
  byte[] whole() {
    byte[] known = whole;
    if (known == null) {
      known = event(true, List.copyOf(rows.values()), List.of());
      whole = known;
    }
    return known;
  }

  private byte[] event(boolean full, List<Row> destinations, List<String> without) {
    Row state =
        Row.of(
            "full", full,
            "at", lookedAt,
            "destinations", destinations,
            "gone", without,
            "trouble", trouble,
            "work", work);
    // The line holds no line break: each is escaped within JSON.
    return ("event: state\ndata: " + JsonPrinter.line(state) + "\n\n")
        .getBytes(StandardCharsets.UTF_8);
  }
}
