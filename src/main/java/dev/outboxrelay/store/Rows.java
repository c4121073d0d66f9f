package dev.outboxrelay.store;

import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import dev.outboxrelay.values.WireId;
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

  private final ResultSet rows;
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

  /**
   * Reads the rows of a lean page, up to the first whose values were left out.
   *
   * @return null when that is less than half of them: a sized read brings more
   */
  static @Nullable Batch lean(ResultSet rows, Limits limits, String destination, Encoding encoding)
      throws SQLException {
    Rows reader = new Rows(rows, 0, limits, name -> encoding);
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
    return rows.getLong(offset + 10);
  }

  private void add() throws SQLException {
    seen++;
    long id = rows.getLong(offset + 1);
    lastId = id;
    long told = size();
    byte[] oldRow = rows.getBytes(offset + 11);
    byte[] newRow = rows.getBytes(offset + 12);
    byte[] headers = rows.getBytes(offset + 13);
    long size = told > 0 ? told : length(oldRow) + length(newRow) + length(headers);
    boolean tooLarge = size > limits.messageBytes();
    bytes += size;
    String target = destination == null ? rows.getString(offset + 16) : destination;
    long dueInMillis = rows.getLong(offset + 14);
    boolean timed = !rows.wasNull();
    String state = rows.getString(offset + 15);
    // What is held waits for its key, whatever its time.
    if (timed && dueInMillis > 0 && !"held".equals(state)) {
      nextDueMillis.merge(target, dueInMillis, Math::min);
      return;
    }
    String gateKey = rows.getString(offset + 2);
    String largeKey = rows.getString(offset + 17);
    String op = rows.getString(offset + 3);
    schema = same(schema, rows.getString(offset + 4));
    table = same(table, rows.getString(offset + 5));
    String xid = rows.getString(offset + 6);
    int attempts = rows.getInt(offset + 9);
    long createdAtMicros = micros(rows.getTimestamp(offset + 7));
    byte[] body = NOTHING;
    String unreadable = null;
    if (!tooLarge) {
      try {
        Encoding encoding = encodings.apply(target);
        Change change =
            new Change(
                id,
                target,
                largeKey == null ? gateKey : largeKey,
                op,
                schema,
                table,
                xid,
                createdAtMicros,
                rows.getString(offset + 8),
                oldRow,
                newRow,
                headers,
                attempts,
                encoding.epoch());
        body = encoding.format().apply(change);
      } catch (RuntimeException | StackOverflowError e) {
        // Whatever is wrong with this one, such as how deep it is, the others go.
        unreadable = "the row cannot be written as a message: " + e;
      }
    }
    messages.add(
        new Message(
            id,
            WireId.stamp(createdAtMicros),
            Long.parseUnsignedLong(xid),
            target,
            gateKey == null ? null : new Gate(schema, table, gateKey),
            op.equals("truncate"),
            "retry".equals(state),
            timed,
            attempts,
            body,
            size,
            tooLarge,
            unreadable));
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

  private static @Nullable String same(@Nullable String last, @Nullable String now) {
    return now != null && now.equals(last) ? last : now;
  }
}
