// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The numbers by which rows know destinations and captured tables, as far as they were asked for.
 * What a number means never changes, so what is known stays true; what is not is looked up. Safe
 * for use by several threads.
 */
final class Numbers {
  /** A number that no destination has. */
  static final int NO_DESTINATION = 0;

  /** Of a message that was published, or whose table nobody knows. */
  private static final Names.Source NOWHERE = new Names.Source(null, null);

  private static final String BY_NAME =
      "select n.number from outbox.destination_number n where n.name = ?";

  private static final String BY_NUMBER =
      "select n.name from outbox.destination_number n where n.number = ?";

  private static final String SOURCE =
      "select s.schema_name, s.table_name from outbox.source s where s.number = ?";

  /** Of a table that a dump has brought here with its triggers, nobody may have told yet. */
  private static final String REGISTER = "select outbox.register_captures()";

  private final Map<String, Integer> numbers = new ConcurrentHashMap<>();
  private final Map<Integer, String> names = new ConcurrentHashMap<>();
  private final Map<Integer, Names.Source> sources = new ConcurrentHashMap<>();

  /** A destination's number; {@link #NO_DESTINATION} when it has none. */
  int of(Connection connection, String destination) throws SQLException {
    Integer known = numbers.get(destination);
    if (known != null) {
      return known;
    }
    try (PreparedStatement s = connection.prepareStatement(BY_NAME)) {
      s.setString(1, destination);
      try (ResultSet r = s.executeQuery()) {
        if (!r.next()) {
          return NO_DESTINATION;
        }
        int number = r.getInt(1);
        numbers.put(destination, number);
        names.put(number, destination);
        return number;
      }
    }
  }

  List<Integer> of(Connection connection, Collection<String> destinations) throws SQLException {
    List<Integer> all = new ArrayList<>(destinations.size());
    for (String destination : destinations) {
      all.add(of(connection, destination));
    }
    return all;
  }

  /** The destination that has a number. */
  String name(Connection connection, int number) throws SQLException {
    String known = names.get(number);
    if (known != null) {
      return known;
    }
    try (PreparedStatement s = connection.prepareStatement(BY_NUMBER)) {
      s.setInt(1, number);
      try (ResultSet r = s.executeQuery()) {
        if (!r.next()) {
          throw new SQLException("no destination has number " + number);
        }
        names.put(number, r.getString(1));
        return r.getString(1);
      }
    }
  }

  /** The captured table that has a number. */
  Names.Source source(Connection connection, int number) throws SQLException {
    if (number == 0) {
      return NOWHERE;
    }
    Names.Source known = sources.get(number);
    if (known == null) {
      known = look(connection, number);
    }
    if (known == null) {
      try (PreparedStatement s = connection.prepareStatement(REGISTER)) {
        s.execute();
      }
      known = look(connection, number);
    }
    return known == null ? NOWHERE : known;
  }

  private Names.@Nullable Source look(Connection connection, int number) throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(SOURCE)) {
      s.setInt(1, number);
      try (ResultSet r = s.executeQuery()) {
        if (!r.next()) {
          return null;
        }
        Names.Source source = new Names.Source(r.getString(1), r.getString(2));
        sources.put(number, source);
        return source;
      }
    }
  }

  /** What numbers mean, by a connection. */
  Names names(Connection connection) {
    return new Names() {
      @Override
      public String destination(int number) throws SQLException {
        return name(connection, number);
      }

      @Override
      public Names.Source source(int number) throws SQLException {
        return Numbers.this.source(connection, number);
      }
    };
  }
}
