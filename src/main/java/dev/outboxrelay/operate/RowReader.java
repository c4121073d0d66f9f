// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PGInterval;

/** Reads rows of whatever columns a statement has. */
final class RowReader {
  private static final int DAYS_A_MONTH = 30;
  private static final int DAYS_A_YEAR = 365;

  private RowReader() {}

  static List<Row> all(ResultSet result) throws SQLException {
    ResultSetMetaData columns = result.getMetaData();
    List<Row> rows = new ArrayList<>();
    while (result.next()) {
      Map<String, @Nullable Object> values = new LinkedHashMap<>();
      for (int n = 1; n <= columns.getColumnCount(); n++) {
        values.put(columns.getColumnLabel(n), value(result, n, columns));
      }
      rows.add(new Row(values));
    }
    return rows;
  }

  private static @Nullable Object value(ResultSet result, int n, ResultSetMetaData columns)
      throws SQLException {
    if (result.getObject(n) == null) {
      return null;
    }
    // The name of a number's type is another one where the column is an identity.
    return switch (columns.getColumnType(n)) {
      case Types.SMALLINT, Types.INTEGER, Types.BIGINT -> result.getLong(n);
      case Types.NUMERIC -> result.getBigDecimal(n);
      case Types.BIT, Types.BOOLEAN -> result.getBoolean(n);
      case Types.ARRAY -> texts(result.getArray(n));
      default -> named(result, n, columns.getColumnTypeName(n));
    };
  }

  private static Object named(ResultSet result, int n, String type) throws SQLException {
    return switch (type) {
      case "json", "jsonb" -> new Json(result.getString(n));
      case "timestamptz" -> time(result, n);
      case "interval" -> duration((PGInterval) result.getObject(n));
      default -> result.getString(n);
    };
  }

  /** An Instant; a text for what is infinite. */
  private static Object time(ResultSet result, int n) throws SQLException {
    OffsetDateTime time = result.getObject(n, OffsetDateTime.class);
    return time.equals(OffsetDateTime.MAX) || time.equals(OffsetDateTime.MIN)
        ? result.getString(n)
        : time.toInstant();
  }

  /** Months and years count as PostgreSQL's extract(epoch) counts them. */
  private static Duration duration(PGInterval interval) {
    return Duration.ofDays(
            (long) interval.getYears() * DAYS_A_YEAR
                + (long) interval.getMonths() * DAYS_A_MONTH
                + interval.getDays())
        .plusHours(interval.getHours())
        .plusMinutes(interval.getMinutes())
        .plusSeconds(interval.getWholeSeconds())
        .plusNanos(interval.getMicroSeconds() * 1000L);
  }

  private static List<String> texts(Array array) throws SQLException {
    return Arrays.stream((Object[]) array.getArray()).map(String::valueOf).toList();
  }
}
