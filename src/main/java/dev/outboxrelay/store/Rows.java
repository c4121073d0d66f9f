// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Label;
import dev.outboxrelay.values.Message;
import dev.outboxrelay.values.WireId;
import java.sql.Array;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Turns the rows of a sized read into messages, encoding each on the way. */
final class Rows {
  private static final byte[] NOTHING = new byte[0];
  private static final long MAX_SECONDS = 9_000_000_000_000L;

  /** What the database tells of a time that is farther away. */
  private static final long LONGEST_MILLIS = 86_400_000;

  private final ResultSet rows;
  private final Names names;
  private final int offset;
  private final Limits limits;
  private final Function<String, Encoding> encodings;
  private final List<Message> messages = new ArrayList<>();
  private long lastId;
  private final Map<String, Long> nextDueMillis = new HashMap<>();
  private int seen;

  /** Of all rows, when the read does not tell. */
  private @Nullable String destination;

  private long bytes;

  // The last row's source: one object for all rows of a table.
  private int sourceNumber;
  private Names.Source source = new Names.Source(null, null);

  Rows(ResultSet rows, Names names, Limits limits, Function<String, Encoding> encodings) {
    this(rows, names, 0, limits, encodings);
  }

  private Rows(
      ResultSet rows,
      Names names,
      int offset,
      Limits limits,
      Function<String, Encoding> encodings) {
    this.rows = rows;
    this.names = names;
    this.offset = offset;
    this.limits = limits;
    this.encodings = encodings;
  }

  /** The first column of every row of a query. */
  static Set<Long> ids(PreparedStatement query) throws SQLException {
    Set<Long> ids = new HashSet<>();
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        ids.add(rows.getLong(1));
      }
    }
    return ids;
  }

  /** Ids of an array that the server made; none when it made none. */
  static List<Long> ids(@Nullable Array array) throws SQLException {
    return array == null ? List.of() : List.of((Long[]) array.getArray());
  }

  /** Reads all rows. */
  Batch read() throws SQLException {
    while (rows.next()) {
      add();
    }
    return batch();
  }

  /**
   * Reads the rows of a tail read, in which snapshot and count stand before the columns, in one row
   * at least.
   */
  static Tail tail(ResultSet rows, Names names, Limits limits, Map<String, Encoding> encodings)
      throws SQLException {
    Rows reader = new Rows(rows, names, 2, limits, encodings::get);
    rows.next();
    String snapshot = rows.getString(1);
    long found = rows.getLong(2);
    if (found > 0 && found <= limits.rows()) {
      do {
        reader.add();
      } while (rows.next());
    }
    boolean overflow = reader.seen < found;
    return new Tail(snapshot, overflow, overflow ? Batch.NONE : reader.batch());
  }

  /**
   * Reads the rows of a lean page, up to the first whose values were left out.
   *
   * @return null when that is less than half of them: a sized read brings more
   */
  static @Nullable Batch lean(
      ResultSet rows, Names names, Limits limits, String destination, Encoding encoding)
      throws SQLException {
    Rows reader = new Rows(rows, names, 0, limits, name -> encoding);
    reader.destination = destination;
    int read = 0;
    boolean cut = false;
    while (rows.next()) {
      read++;
      cut |= reader.size() > 0;
      if (!cut) {
        reader.add();
      }
    }
    if (cut && reader.seen * 2 < read) {
      return null;
    }
    Batch batch = reader.batch();
    return cut ? new Batch(batch.messages(), true, batch.lastId(), batch.nextDueMillis()) : batch;
  }

  private Batch batch() {
    boolean more = seen >= limits.rows() || bytes >= limits.bytes();
    return new Batch(messages, more, lastId, nextDueMillis);
  }

  /**
   * The size of the row's values; a lean page tells it only of those that it leaves out, else 0.
   */
  private long size() throws SQLException {
    return rows.getLong(at(RowColumn.SIZE));
  }

  private void add() throws SQLException {
    seen++;
    long id = rows.getLong(at(RowColumn.ID));
    lastId = id;
    long told = size();
    byte[] oldRow = rows.getBytes(at(RowColumn.OLD_ROW));
    byte[] newRow = rows.getBytes(at(RowColumn.NEW_ROW));
    byte[] headers = rows.getBytes(at(RowColumn.HEADERS));
    long size = told > 0 ? told : length(oldRow) + length(newRow) + length(headers);
    boolean tooLarge = size > limits.messageBytes();
    bytes += size;
    String target =
        destination == null
            ? names.destination(rows.getInt(at(RowColumn.DESTINATION)))
            : destination;
    long dueInMillis = rows.getLong(at(RowColumn.DUE_IN));
    boolean timed = !rows.wasNull();
    String state = rows.getString(at(RowColumn.STATE));
    // What is held waits for its key, whatever its time.
    if (timed && dueInMillis > 0 && !"held".equals(state)) {
      nextDueMillis.merge(target, dueInMillis, Math::min);
      return;
    }
    String gateKey = rows.getString(at(RowColumn.GATE_KEY));
    String largeKey = rows.getString(at(RowColumn.LARGE_KEY));
    String op = op(rows.getString(at(RowColumn.OP)));
    int number = rows.getInt(at(RowColumn.SOURCE));
    Names.Source source =
        source(
            number,
            rows.getString(at(RowColumn.SCHEMA_NAME)),
            rows.getString(at(RowColumn.TABLE_NAME)));
    int attempts = rows.getInt(at(RowColumn.ATTEMPTS));
    long createdAtMicros = micros(rows.getTimestamp(at(RowColumn.CREATED_AT)));
    byte[] body = NOTHING;
    String unreadable = null;
    Label label = null;
    if (!tooLarge) {
      try {
        Encoding encoding = encodings.apply(target);
        Change change =
            new Change(
                id,
                target,
                largeKey == null ? gateKey : largeKey,
                op,
                source.schema(),
                source.table(),
                rows.getString(at(RowColumn.TX)),
                createdAtMicros,
                rows.getString(at(RowColumn.TYPE)),
                oldRow,
                newRow,
                headers,
                attempts,
                encoding.epoch());
        body = encoding.format().apply(change);
        label = encoding.labelled() ? Label.of(change) : null;
      } catch (RuntimeException | StackOverflowError e) {
        // Whatever is wrong with this one, such as how deep it is, the others go.
        unreadable = "the row cannot be written as a message: " + e;
      }
    }
    messages.add(
        new Message(
            id,
            WireId.stamp(createdAtMicros),
            Long.parseUnsignedLong(rows.getString(at(RowColumn.XID))),
            target,
            gateKey == null ? null : new Gate(number, gateKey),
            op.equals("truncate"),
            "retry".equals(state),
            timed,
            attempts,
            body,
            size,
            tooLarge,
            unreadable,
            label,
            expiresInMillis()));
  }

  /** Null where it does not expire, or not before memory is another one. */
  private @Nullable Long expiresInMillis() throws SQLException {
    long millis = rows.getLong(at(RowColumn.EXPIRES_IN));
    return rows.wasNull() || millis >= LONGEST_MILLIS ? null : Long.valueOf(millis);
  }

  private int at(RowColumn column) {
    return column.after(offset);
  }

  private static long length(byte @Nullable [] value) {
    return value == null ? 0 : value.length;
  }

  /** At most what a long holds: a row may say 'infinity'. */
  static long micros(Timestamp at) {
    long seconds = Math.floorDiv(at.getTime(), 1000L);
    return Math.max(-MAX_SECONDS, Math.min(MAX_SECONDS, seconds)) * 1_000_000L
        + at.getNanos() / 1000;
  }

  /** By the name that the row has of its own, else by that of its number. */
  private Names.Source source(int number, @Nullable String schema, @Nullable String table)
      throws SQLException {
    if (table != null) {
      return new Names.Source(schema, table);
    }
    if (number != sourceNumber) {
      source = names.source(number);
      sourceNumber = number;
    }
    return source;
  }

  private static String op(String letter) {
    return switch (letter) {
      case "i" -> "insert";
      case "u" -> "update";
      case "d" -> "delete";
      case "t" -> "truncate";
      case "r" -> "read";
      default -> "message";
    };
  }
}
