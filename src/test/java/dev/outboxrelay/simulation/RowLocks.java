// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The application's own rows: whoever changes one holds it until his transaction ends, and whoever
 * truncates a table holds all of it. So the ids of a key's messages follow its commits.
 */
final class RowLocks {
  private final Map<String, Transaction> rows = new HashMap<>();
  private final Map<String, List<Transaction>> tables = new HashMap<>();
  private final Map<String, Transaction> truncated = new HashMap<>();

  boolean tryRows(String table, Set<String> keys, Transaction by) {
    Transaction truncater = truncated.get(table);
    if (truncater != null && truncater != by) {
      return false;
    }
    for (String key : keys) {
      Transaction holder = rows.get(table + "/" + key);
      if (holder != null && holder != by) {
        return false;
      }
    }
    keys.forEach(key -> rows.put(table + "/" + key, by));
    tables.computeIfAbsent(table, t -> new ArrayList<>()).add(by);
    return true;
  }

  boolean tryTable(String table, Transaction by) {
    List<Transaction> users = tables.getOrDefault(table, List.of());
    Transaction truncater = truncated.get(table);
    if (users.stream().anyMatch(user -> user != by) || truncater != null && truncater != by) {
      return false;
    }
    truncated.put(table, by);
    return true;
  }

  void release(Transaction by) {
    rows.values().removeIf(holder -> holder == by);
    truncated.values().removeIf(holder -> holder == by);
    tables.values().forEach(users -> users.removeIf(user -> user == by));
  }
}
