package dev.outboxrelay.store;

import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import dev.outboxrelay.values.WireId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
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
  private static final List<Long> NO_ROW = List.of();

  private final Connection connection;
  private final Numbers numbers;
  private final Collection<String> destinations;
  private final @Nullable String state;
  private final Limits limits;
  private final Function<String, Encoding> encodings;

  private final Map<Long, Message> messages = new HashMap<>();
  private final Map<String, Long> nextDueMillis = new HashMap<>();

  /** A row by its id, with the size of its values. */
  record Place(long id, long bytes) {}

  /**
   * @param state rows in another state, by now, are left out; null for those that may be due
   */
  RowByRow(
      Connection connection,
      Numbers numbers,
      Collection<String> destinations,
      @Nullable String state,
      Limits limits,
      Function<String, Encoding> encodings) {
    this.connection = connection;
    this.numbers = numbers;
    this.destinations = destinations;
    this.state = state;
    this.limits = limits;
    this.encodings = encodings;
  }

  /** The ids and sizes that a query gives, in its order. */
  static List<Place> places(PreparedStatement query) throws SQLException {
    List<Place> places = new ArrayList<>();
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        places.add(new Place(rows.getLong(1), rows.getLong(2)));
      }
    }
    return places;
  }

  /** Reads these rows, in this order, as far as the limits allow. */
  Batch read(List<Place> places) throws SQLException {
    List<Long> ids = new ArrayList<>();
    long bytes = 0;
    for (Place place : places) {
      if (!ids.isEmpty() && bytes >= limits.bytes()) {
        break;
      }
      ids.add(place.id());
      bytes += place.bytes();
    }
    halve(ids);
    return new Batch(
        ids.stream().map(messages::get).filter(Objects::nonNull).toList(),
        ids.size() < places.size() || ids.size() >= limits.rows(),
        ids.isEmpty() ? 0 : ids.get(ids.size() - 1),
        nextDueMillis);
  }

  private void halve(List<Long> ids) throws SQLException {
    if (ids.isEmpty()) {
      return;
    }
    try {
      all(ids);
    } catch (SQLException e) {
      if (!RowFault.mayBe(e)) {
        throw e;
      }
      if (ids.size() == 1) {
        if (!RowFault.is(e)) {
          // Throws where the fault is not the row's.
          all(NO_ROW);
        }
        unreadable(ids.get(0), RowFault.words(e));
        return;
      }
      int half = ids.size() / 2;
      halve(ids.subList(0, half));
      halve(ids.subList(half, ids.size()));
    }
  }

  private void all(List<Long> ids) throws SQLException {
    Limits unlimited = new Limits(Math.max(1, ids.size()), Long.MAX_VALUE, limits.messageBytes());
    try (PreparedStatement s = connection.prepareStatement(MessageSql.BY_IDS)) {
      Parameters p = new Parameters(s).sizeLimit(limits.messageBytes());
      these(p, ids);
      p.number(unlimited.rows()).number(unlimited.bytes());
      try (ResultSet r = s.executeQuery()) {
        Batch batch = new Rows(r, numbers.names(connection), unlimited, encodings).read();
        batch.messages().forEach(message -> messages.put(message.id(), message));
        batch.nextDueMillis().forEach((name, due) -> nextDueMillis.merge(name, due, Math::min));
      }
    }
  }

  private void these(Parameters p, List<Long> ids) throws SQLException {
    List<Integer> asked = numbers.of(connection, destinations);
    p.integers(asked).numbers(ids).integers(asked).numbers(ids).text(state).text(state);
  }

  private void unreadable(long id, String words) throws SQLException {
    try {
      unreadable(MessageSql.UNREADABLE, id, words);
    } catch (SQLException e) {
      if (!RowFault.is(e)) {
        throw e;
      }
      // Its key cannot be read either, so no message that can be read has that.
      unreadable(MessageSql.UNREADABLE_KEYLESS, id, words);
    }
  }

  private void unreadable(String sql, long id, String words) throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(sql)) {
      these(new Parameters(s), List.of(id));
      try (ResultSet r = s.executeQuery()) {
        if (r.next()) {
          unreadable(r, id, words);
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
