// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.realinput;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.testing.Wire;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tables rebuilt from lines alone, as a receiver would who keeps a copy: ids that were seen before
 * are dropped, a row is known by its key, rows of tables without a key are only ever added.
 */
final class Replica {
  private final Set<String> seen = new HashSet<>();
  private final Map<String, Map<String, JsonNode>> keyed = new HashMap<>();
  private final Map<String, List<JsonNode>> unkeyed = new HashMap<>();
  private int repeated;

  synchronized void take(String line) {
    JsonNode message = Wire.parse(line);
    if (!seen.add(message.path("id").asText())) {
      repeated++;
      return;
    }
    String table = message.path("table").asText();
    String op = message.path("op").asText();
    if (op.equals("truncate")) {
      keyed.remove(table);
      unkeyed.remove(table);
    } else if (!message.hasNonNull("key")) {
      unkeyed.computeIfAbsent(table, t -> new ArrayList<>()).add(message.path("new"));
    } else if (op.equals("delete")) {
      rows(table).remove(message.path("key").asText());
    } else {
      rows(table).put(message.path("key").asText(), message.path("new"));
    }
  }

  synchronized int messages() {
    return seen.size();
  }

  synchronized int repeated() {
    return repeated;
  }

  /** The rows as sorted text, one a row: every column with its value. */
  synchronized List<String> table(String table, List<String> columns) {
    List<JsonNode> rows = new ArrayList<>(rows(table).values());
    rows.addAll(unkeyed.getOrDefault(table, List.of()));
    return rows.stream().map(row -> text(row, columns)).sorted().toList();
  }

  /** The same text of the rows that a SELECT finds. */
  static List<String> select(Connection connection, String table, List<String> columns)
      throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery("select " + String.join(", ", columns) + " from " + table)) {
      ResultSetMetaData meta = result.getMetaData();
      while (result.next()) {
        StringBuilder row = new StringBuilder();
        for (int i = 1; i <= meta.getColumnCount(); i++) {
          row.append(columns.get(i - 1)).append('=').append(result.getString(i)).append(' ');
        }
        rows.add(row.toString());
      }
    }
    return rows.stream().sorted().toList();
  }

  private Map<String, JsonNode> rows(String table) {
    return keyed.computeIfAbsent(table, t -> new HashMap<>());
  }

  private static String text(JsonNode row, List<String> columns) {
    StringBuilder text = new StringBuilder();
    for (String column : columns) {
      JsonNode value = row.path(column);
      String shown = value.isNull() || value.isMissingNode() ? "null" : value.asText();
      // JSON writes a timestamp with a T, a SELECT with a space; the rest is the same.
      text.append(column)
          .append('=')
          .append(column.equals("mtime") ? shown.replace('T', ' ') : shown)
          .append(' ');
    }
    return text.toString();
  }
}
