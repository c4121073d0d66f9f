// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** The statements that a database ran, by pg_stat_statements, on a server that counts. */
final class Statements {
  private final BenchDatabase database;

  /** So many calls of one statement, whatever its parameters. */
  record Count(long calls, String text) {
    private static final int SHORT = 100;

    StatementKind kind() {
      return StatementKind.of(text);
    }

    @Override
    public String toString() {
      return calls + " × " + (text.length() <= SHORT ? text : text.substring(0, SHORT) + "…");
    }
  }

  private Statements(BenchDatabase database) {
    this.database = database;
  }

  static Statements of(BenchDatabase database) throws SQLException {
    database.execute("create extension pg_stat_statements");
    return new Statements(database);
  }

  /** Counts from here. */
  void forget() throws SQLException {
    database.text("select public.pg_stat_statements_reset()::text");
  }

  /** The most frequent first, the bench's own left out. */
  List<Count> counts() throws SQLException {
    List<Count> counts = new ArrayList<>();
    try (Connection c = database.connect();
        Statement s = c.createStatement();
        ResultSet r =
            s.executeQuery(
                "select calls, regexp_replace(query, '\\s+', ' ', 'g') from public.pg_stat_statements"
                    + " where dbid = (select oid from pg_database where datname ="
                    + " current_database()) and query !~ 'pg_stat_statements|PostgreSQL JDBC Driver'"
                    + " order by 1 desc, 2")) {
      while (r.next()) {
        counts.add(new Count(r.getLong(1), r.getString(2)));
      }
    }
    return counts;
  }
}
