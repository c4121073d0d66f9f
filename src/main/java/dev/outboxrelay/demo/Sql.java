// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** The operator's session: each statement is shown before it runs. */
final class Sql implements AutoCloseable {
  private final Connection connection;
  private final Story story;

  Sql(Connection connection, Story story) {
    this.connection = connection;
    this.story = story;
  }

  /** Runs a statement. */
  void run(String statement) throws SQLException {
    story.does(statement);
    try (Statement s = connection.createStatement()) {
      s.execute(statement);
    }
  }

  /** Runs a query and shows its rows. */
  void show(String query) throws SQLException {
    story.does(query);
    try (Statement s = connection.createStatement();
        ResultSet r = s.executeQuery(query)) {
      ResultSetMetaData columns = r.getMetaData();
      while (r.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 1; i <= columns.getColumnCount(); i++) {
          row.add(columns.getColumnLabel(i) + " = " + r.getString(i));
        }
        story.does("  " + String.join(", ", row));
      }
    }
  }

  /** The number that a query gives, without showing either. */
  long number(String query) throws SQLException {
    try (Statement s = connection.createStatement();
        ResultSet r = s.executeQuery(query)) {
      r.next();
      return r.getLong(1);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
