// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Collection;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Sets a statement's parameters from left to right. */
final class Parameters {
  private final PreparedStatement statement;
  private int next = 1;

  Parameters(PreparedStatement statement) {
    this.statement = statement;
  }

  Parameters text(@Nullable String value) throws SQLException {
    statement.setString(next++, value);
    return this;
  }

  /** A text that is not ours. */
  Parameters error(@Nullable String value) throws SQLException {
    return text(ErrorText.storable(value));
  }

  /**
   * Sent without a type, so that it is a pg_snapshot at once: as a text it would be converted for
   * every row that is looked at.
   */
  Parameters snapshot(@Nullable String value) throws SQLException {
    statement.setObject(next++, value, Types.OTHER);
    return this;
  }

  /** Sent without a type, as a snapshot is. */
  Parameters xid(long value) throws SQLException {
    statement.setObject(next++, Long.toUnsignedString(value), Types.OTHER);
    return this;
  }

  Parameters number(long value) throws SQLException {
    statement.setLong(next++, value);
    return this;
  }

  Parameters flag(boolean value) throws SQLException {
    statement.setBoolean(next++, value);
    return this;
  }

  Parameters numbers(Collection<Long> values) throws SQLException {
    long[] ids = values.stream().mapToLong(Long::longValue).toArray();
    statement.setObject(next++, ids, Types.ARRAY);
    return this;
  }

  /** An object of names and values; sent without a type, as a snapshot is. */
  Parameters object(Map<String, ?> members) throws SQLException {
    // Names of destinations need no quoting.
    StringJoiner json = new StringJoiner(",", "{", "}");
    members.forEach((name, value) -> json.add('"' + name + "\":" + value));
    statement.setObject(next++, json.toString(), Types.OTHER);
    return this;
  }

  Parameters texts(Collection<String> values) throws SQLException {
    statement.setObject(next++, values.toArray(new String[0]), Types.ARRAY);
    return this;
  }

  Parameters integers(Collection<Integer> values) throws SQLException {
    int[] numbers = values.stream().mapToInt(Integer::intValue).toArray();
    statement.setObject(next++, numbers, Types.ARRAY);
    return this;
  }

  /** The size above which a row's values are left out: it stands five times in every read. */
  Parameters sizeLimit(long bytes) throws SQLException {
    return number(bytes).number(bytes).number(bytes).number(bytes).number(bytes);
  }
}
