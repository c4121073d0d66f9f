package dev.outboxrelay.store;

import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Turns the rows of a sized read into messages, encoding each on the way. */
final class Rows {
  private static final byte[] NOTHING = new byte[0];

  private final ResultSet rows;
  private final int offset;
  private final Limits limits;
  private final Function<String, Encoding> encodings;
  private final List<Message> messages = new ArrayList<>();
  private long lastId;
  private final Map<String, Long> nextDueMillis = new HashMap<>();
  private int seen;
  private long bytes;

  // The last row's source: one string for all rows of a table, whose hash is computed once.
  private @Nullable String schema;
  private @Nullable String table;

  Rows(ResultSet rows, Limits limits, Function<String, Encoding> encodings) {
    this(rows, 0, limits, encodings);
  }

  private Rows(ResultSet rows, int offset, Limits limits, Function<String, Encoding> encodings) {
    this.rows = rows;
    this.offset = offset;
    this.limits = limits;
    this.encodings = encodings;
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
  static Tail tail(ResultSet rows, Limits limits, Map<String, Encoding> encodings)
      throws SQLException {
    Rows reader = new Rows(rows, 2, limits, encodings::get);
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

  private Batch batch() {
    boolean more = seen >= limits.rows() || bytes >= limits.bytes();
    return new Batch(messages, more, lastId, nextDueMillis);
  }

  private void add() throws SQLException {
    seen++;
    long id = rows.getLong(offset + 1);
    lastId = id;
    long size = rows.getLong(offset + 11);
    bytes += size;
    long dueMillis = rows.getLong(offset + 15);
    if (!rows.wasNull()) {
      nextDueMillis.merge(rows.getString(offset + 2), dueMillis, Math::min);
      return;
    }
    String destination = rows.getString(offset + 2);
    String key = rows.getString(offset + 3);
    String op = rows.getString(offset + 4);
    schema = same(schema, rows.getString(offset + 5));
    table = same(table, rows.getString(offset + 6));
    int attempts = rows.getInt(offset + 10);
    boolean tooLarge = size > limits.messageBytes();
    byte[] body = tooLarge ? NOTHING : encode(id, destination, key, op, attempts);
    Gate gate = key == null ? null : new Gate(schema, table, key);
    messages.add(
        new Message(
            id,
            destination,
            gate,
            op.equals("truncate"),
            "retry".equals(rows.getString(offset + 16)),
            rows.getBoolean(offset + 17),
            attempts,
            body,
            size,
            tooLarge));
  }

  private byte[] encode(long id, String destination, @Nullable String key, String op, int attempts)
      throws SQLException {
    Encoding encoding = encodings.apply(destination);
    Change change =
        new Change(
            id,
            destination,
            key,
            op,
            schema,
            table,
            rows.getString(offset + 7),
            micros(rows.getTimestamp(offset + 8)),
            rows.getString(offset + 9),
            rows.getBytes(offset + 12),
            rows.getBytes(offset + 13),
            rows.getBytes(offset + 14),
            attempts,
            encoding.epoch());
    return encoding.format().apply(change);
  }

  private static long micros(Timestamp at) {
    return Math.floorDiv(at.getTime(), 1000L) * 1_000_000L + at.getNanos() / 1000;
  }

  private static @Nullable String same(@Nullable String last, @Nullable String now) {
    return now != null && now.equals(last) ? last : now;
  }
}
