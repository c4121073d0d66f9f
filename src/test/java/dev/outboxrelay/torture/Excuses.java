// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What accounts for a change that is missing, or arrived without having been: a person discarded
 * it, or the server's crash undid a commit that it had not waited for.
 */
final class Excuses {

  /** A change of a key that was discarded: the mark before and the mark after. */
  record Step(@Nullable Long before, @Nullable Long after) {}

  /**
   * A change that was discarded.
   *
   * @param id its row's number
   */
  record Discarded(
      long id, String table, @Nullable String key, @Nullable Long before, @Nullable Long after) {}

  private final Map<String, Set<Long>> undone;
  private final Set<Long> discardedIds = new HashSet<>();
  private final Map<String, List<Step>> discardedSteps = new HashMap<>();
  private final Map<String, Set<Long>> discardedChanges = new HashMap<>();

  /**
   * The excuses of one destination.
   *
   * @param undone by table, the changes that were committed and undone
   */
  Excuses(Map<String, Set<Long>> undone, List<Discarded> discarded) {
    this.undone = undone;
    discarded.forEach(this::add);
  }

  /**
   * Reads them from where they were written down.
   *
   * @param journal resolved
   */
  static Excuses read(Journal journal, Connection connection, String destination)
      throws SQLException {
    List<Discarded> discarded = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "select id, source, key, before, after from legacy.discarded where destination = '"
                    + destination
                    + "'")) {
      while (rows.next()) {
        discarded.add(
            new Discarded(
                rows.getLong(1),
                rows.getString(2),
                rows.getString(3),
                rows.getObject(4, Long.class),
                rows.getObject(5, Long.class)));
      }
    }
    return new Excuses(journal.undone(), discarded);
  }

  private void add(Discarded each) {
    discardedIds.add(each.id());
    discardedSteps
        .computeIfAbsent(each.table() + "/" + each.key(), t -> new ArrayList<>())
        .add(new Step(each.before(), each.after()));
    discardedChanges.computeIfAbsent(each.table(), t -> new HashSet<>()).add(change(each));
  }

  private static long change(Discarded each) {
    if (each.after() != null) {
      return Legacy.written(each.after());
    }
    return each.before() == null ? 0 : Legacy.deleted(each.before());
  }

  /**
   * Whether a person discarded it.
   *
   * @param id as it is sent: the row's number, and when it was made
   */
  boolean isDiscarded(String id) {
    return discardedIds.contains(Long.parseLong(id.substring(0, id.indexOf('-'))));
  }

  List<Step> discardedSteps(String table, String key) {
    return discardedSteps.getOrDefault(table + "/" + key, List.of());
  }

  Set<Long> discarded(String table) {
    return discardedChanges.getOrDefault(table, Set.of());
  }

  Set<Long> undone(String table) {
    return undone.getOrDefault(table, Set.of());
  }

  boolean isUndone(String table, long change) {
    return undone(table).contains(change);
  }
}
