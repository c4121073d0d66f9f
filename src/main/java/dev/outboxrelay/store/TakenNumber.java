// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Collection;

/**
 * A pending message that cannot be parked, since a parked one of its destination has its number:
 * the sequence has gone back, and given the number out again. Where that one is only kept for
 * people to look at, it makes room.
 */
final class TakenNumber {
  private static final String UNIQUE_VIOLATION = "23505";

  private TakenNumber() {}

  static boolean is(SQLException e) {
    return UNIQUE_VIOLATION.equals(e.getSQLState());
  }

  /** Takes off what is only kept and has one of these numbers, where a pending one has it too. */
  static void free(Connection connection, int destination, Collection<Long> ids)
      throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(MessageSql.FREE_NUMBERS)) {
      new Parameters(s).number(destination).numbers(ids);
      s.executeUpdate();
    }
  }
}
