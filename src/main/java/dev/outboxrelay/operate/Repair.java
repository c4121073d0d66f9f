// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Requeues or discards messages that were set aside: one, or all that match. These are the ones
 * that match at the beginning, whatever fails meanwhile; they are taken a thousand at a time, each
 * thousand a transaction of its own, of each destination the oldest first. Cut short, what was done
 * is done.
 */
public final class Repair {
  private static final String MATCHING =
      "select f.destination, f.id from outbox.failed f where"
          + Selection.CONDITION
          + " order by f.destination, f.id";

  private static final String COUNT =
      "select count(*) as matching from outbox.failed f where" + Selection.CONDITION;

  private static final String ALLOWED =
      "select has_function_privilege(cast(? as text), 'execute') as allowed";

  private static final int TRIES = 5;
  private static final String DEADLOCK = "40P01";

  private final Session session;
  private final Action action;

  public Repair(Session session, Action action) {
    this.session = session;
    this.action = action;
  }

  /** Hears how far it has come, and says whether to go on. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Called before the first step and after each.
     *
     * @param looked how many of those that match were looked at
     * @param done how many were changed: those that were no more set aside were not
     * @return false to stop
     */
    boolean at(long looked, long done, long matching);
  }

  /**
   * What came of it.
   *
   * @param matching how many matched at the beginning
   * @param done how many were changed
   * @param complete false when it was stopped
   */
  public record Outcome(long matching, long done, boolean complete) {}

  /** Whether the login may do it at all. */
  public boolean isAllowed() throws SQLException {
    return session.one(ALLOWED, action.right()).isTrue("allowed");
  }

  /**
   * Single messages, in one transaction: all that can be are changed, or none when it fails.
   *
   * @return the names of those that were changed
   */
  public List<String> named(List<MessageName> names) throws SQLException {
    String[] texts = names.stream().map(MessageName::text).toArray(String[]::new);
    return insist(() -> session.query(action.named(), (Object) texts)).stream()
        .filter(row -> row.isTrue("done"))
        .map(row -> row.text("name"))
        .toList();
  }

  /** How many match. */
  public long count(Selection selection) throws SQLException {
    return session.one(COUNT, selection.parameters()).number("matching");
  }

  /** All that match. */
  public Outcome all(Selection selection, Progress progress) throws SQLException {
    try (HeldRows held = HeldRows.of(session, MATCHING, selection.parameters())) {
      long matching = held.count();
      long looked = 0;
      long done = 0;
      while (progress.at(looked, done, matching)) {
        List<Row> rows = held.next();
        if (rows.isEmpty()) {
          return new Outcome(matching, done, true);
        }
        done += step(byDestination(rows));
        looked += rows.size();
      }
      return new Outcome(matching, done, looked == matching);
    }
  }

  private static Map<String, List<Long>> byDestination(List<Row> rows) {
    Map<String, List<Long>> ids = new LinkedHashMap<>();
    for (Row row : rows) {
      ids.computeIfAbsent(row.text("destination"), d -> new ArrayList<>()).add(row.number("id"));
    }
    return ids;
  }

  private long step(Map<String, List<Long>> ids) throws SQLException {
    return insist(
        () -> {
          long done = 0;
          for (Map.Entry<String, List<Long>> each : ids.entrySet()) {
            done += these(each.getKey(), each.getValue());
          }
          return done;
        });
  }

  /** Messages of one destination, by their ids; how many were changed. */
  long these(String destination, List<Long> ids) throws SQLException {
    return session.one(action.these(), destination, ids.toArray(Long[]::new)).number("done");
  }

  /** The relay works on the same rows: the server may end one of the two for a deadlock. */
  private <T> T insist(Session.Work<T> work) throws SQLException {
    SQLException last = null;
    for (int n = 0; n < TRIES; n++) {
      try {
        return session.together(work);
      } catch (SQLException e) {
        if (!DEADLOCK.equals(e.getSQLState())) {
          throw e;
        }
        last = e;
      }
    }
    throw Objects.requireNonNull(last);
  }
}
