// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import java.sql.SQLException;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** What a receiver holds that applies every message in id order: the keys of the rows there are. */
final class Replay {
  private Replay() {}

  static List<String> keys(Outbox outbox) throws SQLException {
    SortedSet<String> keys =
        new TreeSet<>(java.util.Comparator.comparingInt(String::length).thenComparing(s -> s));
    for (String change :
        outbox.query(
            "select op || ' ' || source_table || ':' || key from outbox.message order by id")) {
      String key = change.substring(change.indexOf(':') + 1);
      if (change.startsWith("delete")) {
        keys.remove(key);
      } else {
        keys.add(key);
      }
    }
    return List.copyOf(keys);
  }
}
