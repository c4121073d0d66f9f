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

/**
 * One completion. Rows that another transaction has locked for long are left out, so that a
 * destination's messages that a person holds do not keep those of others in the table.
 */
final class Completing {
  /** The server's code for a lock that was not to be had in time. */
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  private static final String FREE =
      "select m.id from outbox.message m where m.id = any (?) and m.destination = ? for update skip locked";

  static final String DELETE_FREE =
      "delete from outbox.message where id = any (array(" + FREE + "))";

  static final String KEEP_FREE =
      "update outbox.message set state = 'delivered', delivered_at = clock_timestamp(), due_at = null"
          + " where id = any (array("
          + FREE
          + ")) and state <> 'delivered'";

  /** What is left of a completion of the free rows: it is locked. */
  static final String LEFT =
      "select m.id from outbox.message m where m.id = any (?) and m.destination = ? and m.state <> 'delivered'";

  private final Connection connection;
  private final Set<String> keep;
  private final Set<Long> locked = new HashSet<>();
  private int found;

  /** A lock was met: ask for free rows from now on, and wait no more. */
  private boolean freeOnly;

  Completing(Connection connection, Set<String> keep) {
    this.connection = connection;
    this.keep = keep;
  }

  Completion complete(Map<String, List<Long>> idsByDestination) throws SQLException {
    Map<String, List<Long>> deleted = new HashMap<>(idsByDestination);
    deleted.keySet().removeAll(keep);
    boolean together = deleted.size() > 1 && unlessLocked(() -> deleteSeveral(deleted));
    for (Map.Entry<String, List<Long>> entry : idsByDestination.entrySet()) {
      boolean kept = keep.contains(entry.getKey());
      if (kept || !together) {
        one(entry.getKey(), entry.getValue(), kept);
      }
    }
    return new Completion(found, locked);
  }

  private void one(String destination, List<Long> ids, boolean kept) throws SQLException {
    String plain = kept ? MessageSql.KEEP : MessageSql.COMPLETE;
    if (!freeOnly && unlessLocked(() -> update(plain, destination, ids))) {
      return;
    }
    found += update(kept ? KEEP_FREE : DELETE_FREE, destination, ids);
    try (PreparedStatement s = connection.prepareStatement(LEFT)) {
      new Parameters(s).numbers(ids).text(destination);
      locked.addAll(Rows.ids(s));
    }
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

  private int update(String sql, String destination, List<Long> ids) throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(sql)) {
      new Parameters(s).numbers(ids).text(destination);
      return s.executeUpdate();
    }
  }

  private int deleteSeveral(Map<String, List<Long>> idsByDestination) throws SQLException {
    List<Long> ids = new ArrayList<>();
    List<String> destinations = new ArrayList<>();
    idsByDestination.forEach(
        (destination, its) -> {
          ids.addAll(its);
          destinations.addAll(Collections.nCopies(its.size(), destination));
        });
    try (PreparedStatement s = connection.prepareStatement(MessageSql.COMPLETE_SEVERAL)) {
      new Parameters(s).numbers(ids).texts(destinations);
      return s.executeUpdate();
    }
  }
}
