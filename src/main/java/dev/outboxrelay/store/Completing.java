// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.store.MessageStore.Completion;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One completion. Rows that another transaction has locked for long are left, so that a
 * destination's messages that a person holds do not keep those of others in the table.
 */
final class Completing {
  /** The server's code for a lock that was not to be had in time. */
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  private final Connection connection;
  private final Numbers numbers;
  private final Map<String, Set<Long>> keep;
  private final Set<Long> left = new HashSet<>();
  private int found;

  /** A lock was met: ask for free rows from now on, and wait no more. */
  private boolean freeOnly;

  Completing(Connection connection, Numbers numbers, Map<String, Set<Long>> keep) {
    this.connection = connection;
    this.numbers = numbers;
    this.keep = keep;
  }

  Completion complete(Map<String, List<Long>> idsByDestination) throws SQLException {
    Map<String, List<Long>> deleted = new HashMap<>(idsByDestination);
    deleted.keySet().removeAll(keep.keySet());
    int before = found;
    boolean together = deleted.size() > 1 && unlessLocked(() -> deleteSeveral(deleted));
    if (together && found - before < size(deleted)) {
      for (Map.Entry<String, List<Long>> entry : deleted.entrySet()) {
        addLeft(numbers.of(connection, entry.getKey()), entry.getValue(), null);
      }
    }
    for (Map.Entry<String, List<Long>> entry : idsByDestination.entrySet()) {
      if (keep.containsKey(entry.getKey()) || !together) {
        one(entry.getKey(), entry.getValue());
      }
    }
    return new Completion(found, left);
  }

  private void one(String destination, List<Long> ids) throws SQLException {
    List<String> xids = xids(destination);
    boolean kept = xids != null;
    int number = numbers.of(connection, destination);
    int before = found;
    if (!freeOnly && unlessLocked(() -> plain(number, ids, xids))) {
      if (found - before < ids.size()) {
        addLeft(number, ids, xids);
      }
      return;
    }
    String pending = kept ? MessageSql.KEEP_FREE : MessageSql.COMPLETE_FREE;
    String parked = kept ? MessageSql.KEEP_FREE_PARKED : MessageSql.COMPLETE_FREE_PARKED;
    for (String sql : List.of(pending, parked)) {
      found += free(sql, number, ids, xids);
    }
    addLeft(number, ids, xids);
  }

  private int free(String sql, int number, List<Long> ids, @Nullable List<String> xids)
      throws SQLException {
    try {
      return freeOnce(sql, number, ids, xids);
    } catch (SQLException e) {
      if (!TakenNumber.is(e)) {
        throw e;
      }
      TakenNumber.free(connection, number, ids);
      return freeOnce(sql, number, ids, xids);
    }
  }

  private int freeOnce(String sql, int number, List<Long> ids, @Nullable List<String> xids)
      throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(sql)) {
      set(new Parameters(s).number(number), number, ids, xids);
      return s.executeUpdate();
    }
  }

  private static int size(Map<String, List<Long>> idsByDestination) {
    return idsByDestination.values().stream().mapToInt(List::size).sum();
  }

  /**
   * What is still there: one statement looks into both tables. It is locked, or a person has moved
   * it from one to the other between two statements that looked into one each.
   */
  private void addLeft(int number, List<Long> ids, @Nullable List<String> xids)
      throws SQLException {
    String sql = xids == null ? MessageSql.LEFT : MessageSql.LEFT_OF_KEPT;
    try (PreparedStatement s = connection.prepareStatement(sql)) {
      set(set(new Parameters(s), number, ids, xids), number, ids, xids);
      left.addAll(Rows.ids(s));
    }
  }

  /** Nearly all are pending. What is not there was refused before, or is gone. */
  private int plain(int number, List<Long> ids, @Nullable List<String> xids) throws SQLException {
    int done = xids == null ? update(deletion(), number, ids, null) : keep(number, ids, xids);
    if (done < ids.size()) {
      String parked = xids == null ? MessageSql.COMPLETE_PARKED : MessageSql.KEEP_PARKED;
      done += update(parked, number, ids, xids);
    }
    return done;
  }

  private int keep(int number, List<Long> ids, List<String> xids) throws SQLException {
    try {
      return update(MessageSql.KEEP, number, ids, xids);
    } catch (SQLException e) {
      if (!TakenNumber.is(e)) {
        throw e;
      }
    }
    TakenNumber.free(connection, number, ids);
    int done = 0;
    for (Long id : ids) {
      done += keepOrDelete(number, List.of(id), xids);
    }
    return done;
  }

  /** What is delivered goes, also where it cannot be kept: one that is set aside has its number. */
  private int keepOrDelete(int number, List<Long> id, List<String> xids) throws SQLException {
    try {
      return update(MessageSql.KEEP, number, id, xids);
    } catch (SQLException e) {
      if (!TakenNumber.is(e)) {
        throw e;
      }
      return update(MessageSql.COMPLETE_DELIVERED, number, id, xids);
    }
  }

  private String deletion() throws SQLException {
    return connection.getMetaData().getDatabaseMajorVersion() >= MessageSql.LISTED_SINCE
        ? MessageSql.COMPLETE_LISTED
        : MessageSql.COMPLETE;
  }

  /** Null when the destination keeps nothing. */
  private @Nullable List<String> xids(String destination) {
    Set<Long> xids = keep.get(destination);
    return xids == null ? null : xids.stream().map(Long::toUnsignedString).toList();
  }

  private static Parameters set(
      Parameters parameters, int number, List<Long> ids, @Nullable List<String> xids)
      throws SQLException {
    Parameters set = parameters.number(number).numbers(ids);
    return xids == null ? set : set.texts(xids);
  }

  private interface Update {
    int run() throws SQLException;
  }

  private boolean unlessLocked(Update update) throws SQLException {
    try {
      found += update.run();
      return true;
    } catch (SQLException e) {
      if (!LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
        throw e;
      }
      freeOnly = true;
      return false;
    }
  }

  private int update(String sql, int destination, List<Long> ids, @Nullable List<String> xids)
      throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(sql)) {
      set(new Parameters(s), destination, ids, xids);
      return s.executeUpdate();
    }
  }

  private int deleteSeveral(Map<String, List<Long>> idsByDestination) throws SQLException {
    List<Long> ids = new ArrayList<>();
    List<Integer> destinations = new ArrayList<>();
    for (Map.Entry<String, List<Long>> entry : idsByDestination.entrySet()) {
      ids.addAll(entry.getValue());
      int number = numbers.of(connection, entry.getKey());
      destinations.addAll(Collections.nCopies(entry.getValue().size(), number));
    }
    int done = deleteSeveral(MessageSql.COMPLETE_SEVERAL, ids, destinations);
    if (done < ids.size()) {
      done += deleteSeveral(MessageSql.COMPLETE_SEVERAL_PARKED, ids, destinations);
    }
    return done;
  }

  private int deleteSeveral(String sql, List<Long> ids, List<Integer> destinations)
      throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(sql)) {
      new Parameters(s).numbers(ids).integers(destinations);
      return s.executeUpdate();
    }
  }
}
