package dev.outboxrelay.torture;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the writers know: which changes are committed, and which transactions ended in a way that
 * nobody told them. Those are looked up afterwards: every transaction leaves a row of its own.
 */
final class Journal {

  /**
   * A change as its writer saw it.
   *
   * @param table the table's name, or {@link Legacy#PUBLISHED}
   * @param code see {@link Legacy#written} and {@link Legacy#deleted}
   */
  record Entry(String table, long code) {}

  private final AtomicLong transactions = new AtomicLong();
  private final AtomicLong rolledBack = new AtomicLong();
  private final Map<String, Set<Long>> committed = new HashMap<>();
  private final Map<Long, List<Entry>> unknown = new HashMap<>();

  long begin() {
    return transactions.incrementAndGet();
  }

  void rolledBack() {
    rolledBack.incrementAndGet();
  }

  synchronized void committed(List<Entry> entries) {
    for (Entry entry : entries) {
      committed.computeIfAbsent(entry.table(), table -> new HashSet<>()).add(entry.code());
    }
  }

  /** The connection died at the commit, or the transaction is prepared. */
  synchronized void unknown(long transaction, List<Entry> entries) {
    unknown.put(transaction, List.copyOf(entries));
  }

  /** Asks the database how the unknown ones ended. No transaction may be open any more. */
  synchronized void resolve(Connection connection) throws SQLException {
    List<Long> there = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement("select tx from legacy.transactions where tx = any(?)")) {
      Array asked = connection.createArrayOf("bigint", unknown.keySet().toArray());
      select.setArray(1, asked);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          there.add(rows.getLong(1));
        }
      }
    }
    there.forEach(transaction -> committed(unknown.get(transaction)));
    unknown.clear();
  }

  synchronized Set<Long> committed(String table) {
    return committed.getOrDefault(table, Set.of());
  }

  long transactions() {
    return transactions.get();
  }

  long rollbacks() {
    return rolledBack.get();
  }
}
