// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the writers know: which changes are committed, and which transactions ended in a way that
 * nobody told them, or may be undone. Those are looked up afterwards: every transaction leaves a
 * row of its own.
 */
final class Journal {
  private static final int ASKED_AT_ONCE = 10_000;

  /**
   * A change as its writer saw it.
   *
   * @param table the table's name, or {@link Legacy#PUBLISHED}
   * @param code see {@link Legacy#written} and {@link Legacy#deleted}
   */
  record Entry(String table, long code) {}

  /** A transaction whose end the database is asked for. */
  private record Open(List<Entry> entries, boolean wasCommitted) {}

  private final AtomicLong transactions = new AtomicLong();
  private final AtomicLong rolledBack = new AtomicLong();
  private final Map<String, Set<Long>> committed = new HashMap<>();
  private final Map<String, Set<Long>> undone = new HashMap<>();
  private final TreeMap<Long, Open> open = new TreeMap<>();

  long begin() {
    return transactions.incrementAndGet();
  }

  void rolledBack() {
    rolledBack.incrementAndGet();
  }

  synchronized void committed(List<Entry> entries) {
    add(committed, entries);
  }

  /** Committed without waiting for the disk: a crash of the server within moments undoes it. */
  synchronized void committedInMemory(long transaction, List<Entry> entries) {
    open.put(transaction, new Open(List.copyOf(entries), true));
  }

  /** The connection died at the commit, or the transaction is prepared. */
  synchronized void unknown(long transaction, List<Entry> entries) {
    open.put(transaction, new Open(List.copyOf(entries), false));
  }

  /** Asks the database how the open ones ended. No transaction may be under way any more. */
  synchronized void resolve(Connection connection) throws SQLException {
    while (!open.isEmpty()) {
      Map<Long, Open> some = new HashMap<>();
      while (!open.isEmpty() && some.size() < ASKED_AT_ONCE) {
        Map.Entry<Long, Open> next = open.pollFirstEntry();
        some.put(next.getKey(), next.getValue());
      }
      Set<Long> there = there(connection, some.keySet());
      some.forEach(
          (transaction, each) -> {
            if (there.contains(transaction)) {
              add(committed, each.entries());
            } else if (each.wasCommitted()) {
              add(undone, each.entries());
            }
          });
    }
  }

  private static Set<Long> there(Connection connection, Set<Long> transactions)
      throws SQLException {
    Set<Long> there = new HashSet<>();
    try (PreparedStatement select =
        connection.prepareStatement("select tx from legacy.transactions where tx = any(?)")) {
      Array asked = connection.createArrayOf("bigint", transactions.toArray());
      select.setArray(1, asked);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          there.add(rows.getLong(1));
        }
      }
    }
    return there;
  }

  private static void add(Map<String, Set<Long>> to, List<Entry> entries) {
    for (Entry entry : entries) {
      to.computeIfAbsent(entry.table(), table -> new HashSet<>()).add(entry.code());
    }
  }

  synchronized Set<Long> committed(String table) {
    return committed.getOrDefault(table, Set.of());
  }

  /** Told to be committed, and undone by a crash of the server: whoever got it got a phantom. */
  synchronized Map<String, Set<Long>> undone() {
    return Map.copyOf(undone);
  }

  long transactions() {
    return transactions.get();
  }

  long rollbacks() {
    return rolledBack.get();
  }
}
