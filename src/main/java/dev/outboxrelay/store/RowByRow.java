// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import dev.outboxrelay.values.WireId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A read in which there is a row that the server does not hand out: it is found by halves, so that
 * all others are read. Of the one only what is needed to set it aside is read, as a message that
 * cannot be sent: so it keeps its place among those of its key.
 */
final class RowByRow {
  private static final byte[] NOTHING = new byte[0];
  private static final List<Place> NO_ROW = List.of();

  private final Connection connection;
  private final Numbers numbers;
  private final @Nullable String state;
  private final Limits limits;
  private final Function<String, Encoding> encodings;

  private final Map<Long, Message> messages = new HashMap<>();
  private final Map<String, Long> nextDueMillis = new HashMap<>();

  /** A row by its id and its destination's number, with the size of its values. */
  record Place(long id, int destination, long bytes) {}

  /**
   * @param state rows in another state, by now, are left out; null for those that may be due
   */
  RowByRow(
      Connection connection,
      Numbers numbers,
      @Nullable String state,
      Limits limits,
      Function<String, Encoding> encodings) {
    this.connection = connection;
    this.numbers = numbers;
    this.state = state;
    this.limits = limits;
    this.encodings = encodings;
  }

  /** What a query gives, in its order. */
  static List<Place> places(PreparedStatement query) throws SQLException {
    List<Place> places = new ArrayList<>();
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        places.add(new Place(rows.getLong(1), rows.getInt(2), rows.getLong(3)));
      }
    }
    return places;
  }

  /** Reads these rows, in this order, as far as the limits allow. */
  Batch read(List<Place> places) throws SQLException {
    int taken = 0;
    long bytes = 0;
    while (taken < places.size() && (taken == 0 || bytes < limits.bytes())) {
      bytes += places.get(taken).bytes();
      taken++;
    }
    halve(places.subList(0, taken));
    List<Long> ids = places.stream().limit(taken).map(Place::id).toList();
    return new Batch(
        ids.stream().map(messages::get).filter(Objects::nonNull).toList(),
        ids.size() < places.size() || ids.size() >= limits.rows(),
        ids.isEmpty() ? 0 : ids.get(ids.size() - 1),
        nextDueMillis);
  }

  private void halve(List<Place> rows) throws SQLException {
    if (rows.isEmpty()) {
      return;
    }
    try {
      all(rows);
    } catch (SQLException e) {
      if (!RowFault.mayBe(e)) {
        throw e;
      }
      if (rows.size() == 1) {
        if (!RowFault.is(e)) {
          // Throws where the fault is not the row's.
          all(NO_ROW);
        }
        unreadable(rows.get(0), RowFault.words(e));
        return;
      }
      int half = rows.size() / 2;
      halve(rows.subList(0, half));
      halve(rows.subList(half, rows.size()));
    }
  }

  private void all(List<Place> rows) throws SQLException {
    Limits unlimited = new Limits(Math.max(1, rows.size()), Long.MAX_VALUE, limits.messageBytes());
    try (PreparedStatement s = connection.prepareStatement(MessageSql.BY_IDS)) {
      Parameters p = new Parameters(s).sizeLimit(limits.messageBytes());
      these(p, rows);
      p.number(unlimited.rows()).number(unlimited.bytes());
      try (ResultSet r = s.executeQuery()) {
        Batch batch = new Rows(r, numbers.names(connection), unlimited, encodings).read();
        batch.messages().forEach(message -> messages.put(message.id(), message));
        batch.nextDueMillis().forEach((name, due) -> nextDueMillis.merge(name, due, Math::min));
      }
    }
  }

  private void these(Parameters p, List<Place> rows) throws SQLException {
    List<Integer> destinations = rows.stream().map(Place::destination).toList();
    List<Long> ids = rows.stream().map(Place::id).toList();
    p.integers(destinations).numbers(ids).integers(destinations).numbers(ids);
    p.text(state).text(state);
  }

  private void unreadable(Place row, String words) throws SQLException {
    try {
      unreadable(MessageSql.UNREADABLE, row, words);
    } catch (SQLException e) {
      if (!RowFault.mayBe(e)) {
        throw e;
      }
      // Its key cannot be read either, so no message that can be read has that.
      unreadable(MessageSql.UNREADABLE_KEYLESS, row, words);
    }
  }

  private void unreadable(String sql, Place row, String words) throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(sql)) {
      these(new Parameters(s), List.of(row));
      try (ResultSet r = s.executeQuery()) {
        if (r.next()) {
          unreadable(r, row.id(), words);
        }
      }
    }
  }

  private void unreadable(ResultSet r, long id, String words) throws SQLException {
    String destination = numbers.name(connection, r.getInt(UnreadableColumn.DESTINATION.at()));
    boolean held = "held".equals(r.getString(UnreadableColumn.STATE.at()));
    long dueInMillis = r.getLong(UnreadableColumn.DUE_IN.at());
    boolean timed = !r.wasNull();
    if (timed && dueInMillis > 0 && !held) {
      nextDueMillis.merge(destination, dueInMillis, Math::min);
      return;
    }
    String key = r.getString(UnreadableColumn.GATE_KEY.at());
    messages.put(
        id,
        new Message(
            id,
            WireId.stamp(Rows.micros(r.getTimestamp(UnreadableColumn.CREATED_AT.at()))),
            Long.parseUnsignedLong(r.getString(UnreadableColumn.XID.at())),
            destination,
            key == null ? null : new Gate(r.getInt(UnreadableColumn.SOURCE.at()), key),
            r.getString(UnreadableColumn.OP.at()).equals("t"),
            "retry".equals(r.getString(UnreadableColumn.STATE.at())),
            timed,
            r.getInt(UnreadableColumn.ATTEMPTS.at()),
            NOTHING,
            r.getLong(UnreadableColumn.SIZE.at()),
            false,
            words));
  }
}
