// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Gives messages another state, wherever they are: most are pending, and move to the parked ones.
 * What is not found there is parked already, or has been made pending meanwhile by a person.
 *
 * @param name as the destination is called in {@code destination_state}
 * @param epoch that of the caller; nothing happens when another relay has taken over since
 * @param xid of the one message; null where it does not matter
 */
record Marking(
    Connection connection,
    int destination,
    String name,
    long epoch,
    Collection<Long> ids,
    @Nullable Long xid) {
  interface Values {
    void set(Parameters parameters) throws SQLException;
  }

  /**
   * @param pending a statement that moves pending messages
   * @param parked one that changes parked ones
   * @return how many were marked
   */
  int mark(String pending, String parked, Values values) throws SQLException {
    int marked = move(pending, values);
    if (marked < ids.size()) {
      marked += change(parked, values);
    }
    return marked == 0 ? move(pending, values) : marked;
  }

  private int move(String sql, Values values) throws SQLException {
    try {
      return moveOnce(sql, values);
    } catch (SQLException e) {
      if (!TakenNumber.is(e)) {
        throw e;
      }
      TakenNumber.free(connection, destination, ids);
      return moveOnce(sql, values);
    }
  }

  private int moveOnce(String sql, Values values) throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(sql)) {
      Parameters p = fence(new Parameters(s));
      values.set(p);
      return s.executeUpdate();
    }
  }

  private int change(String sql, Values values) throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(sql)) {
      Parameters p = new Parameters(s);
      values.set(p);
      fence(p);
      return s.executeUpdate();
    }
  }

  private Parameters fence(Parameters p) throws SQLException {
    p.number(destination).number(destination).text(name).number(epoch).numbers(ids);
    return xid == null ? p : p.xid(xid);
  }
}
