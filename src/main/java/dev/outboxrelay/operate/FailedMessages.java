// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Messages that were set aside: {@code outbox.failed}. */
public final class FailedMessages {
  private static final String LIST =
      "select f.wire_id as id, f.destination, f.op, f.source_schema, f.source_table, f.type, f.key,"
          + " f.attempts, f.created_at, f.failed_at, f.first_failed_at, f.requeued,"
          + " f.requeued_by, f.last_error from outbox.failed f where"
          + Selection.CONDITION
          + " order by f.destination, f.id limit cast(? as bigint)";

  private static final String SHOW =
      "select f.wire_id as id, f.destination, f.op, f.source_schema, f.source_table, f.type, f.key,"
          + " f.attempts, f.created_at, f.failed_at, f.first_failed_at, f.requeued,"
          + " f.requeued_by, f.last_error, f.old_row, f.new_row, f.headers"
          + " from outbox.failed f where f.id = cast(? as bigint)"
          + " and (cast(? as text) is null or f.wire_id = cast(? as text))"
          + " order by f.destination";

  /**
   * A piece of one destination's, along the table's primary key: the view would have all of them
   * sorted for each piece, and there may be a million.
   */
  private static final String PAGE =
      "select f.* from (select outbox.wire_id(p.id, p.created_at) as id, p.id as number,"
          + " cast(? as text) as destination,"
          + " case p.op when 'i' then 'insert' when 'u' then 'update' when 'd' then 'delete'"
          + " when 't' then 'truncate' when 'r' then 'read' else 'message' end as op,"
          + " coalesce(p.schema_name, s.schema_name) as source_schema,"
          + " coalesce(p.table_name, s.table_name) as source_table, p.type, p.key, p.attempts,"
          + " p.created_at, p.failed_at, p.first_failed_at, coalesce(p.requeued, 0) as requeued,"
          + " p.requeued_by, p.last_error"
          + " from outbox.parked p left join outbox.source s on s.number = p.source"
          + " where p.destination ="
          + " (select n.number from outbox.destination_number n where n.name = cast(? as text))"
          + " and p.id > cast(? as bigint) and p.state = 'failed') f where"
          + Selection.CONDITION
          + " order by f.number limit cast(? as bigint)";

  private static final String PAYLOAD =
      "select f.wire_id as id, f.destination, f.last_error, length(cast(f.old_row as text)) as"
          + " old_characters, left(cast(f.old_row as text), cast(? as integer)) as old_text,"
          + " length(cast(f.new_row as text)) as new_characters,"
          + " left(cast(f.new_row as text), cast(? as integer)) as new_text,"
          + " length(cast(f.headers as text)) as headers_characters,"
          + " left(cast(f.headers as text), cast(? as integer)) as headers_text"
          + " from outbox.failed f where f.id = cast(? as bigint)"
          + " and (cast(? as text) is null or f.wire_id = cast(? as text))"
          + " order by f.destination";

  private final Session session;

  public FailedMessages(Session session) {
    this.session = session;
  }

  /**
   * Those that match, of each destination the oldest first, without their rows.
   *
   * @param limit at most so many, null for all
   * @param each hears of up to a thousand at a time
   * @return how many
   */
  public long list(Selection selection, @Nullable Long limit, Consumer<List<Row>> each)
      throws SQLException {
    try (HeldRows held = HeldRows.of(session, LIST, selection.parameters(limit))) {
      long count = 0;
      for (List<Row> rows = held.next(); !rows.isEmpty(); rows = held.next()) {
        each.accept(rows);
        count += rows.size();
      }
      return count;
    }
  }

  /**
   * All of one message.
   *
   * @return several where the number is that of messages of several destinations
   */
  public List<Row> show(MessageName name) throws SQLException {
    return session.query(SHOW, name.number(), name.whole(), name.whole());
  }

  /**
   * The next of one destination that match, the oldest first, without their rows; each with its
   * number, after which the next page begins.
   *
   * @param selection its destination is looked at
   * @param after the number of the last one before
   */
  public List<Row> page(Selection selection, String destination, long after, int limit)
      throws SQLException {
    @Nullable Object[] own = selection.parameters((long) limit);
    @Nullable Object[] all = new Object[own.length + 3];
    all[0] = destination;
    all[1] = destination;
    all[2] = after;
    System.arraycopy(own, 0, all, 3, own.length);
    return session.query(PAGE, all);
  }

  /**
   * The rows and headers of one message as text, each cut after so many characters.
   *
   * @return as {@link #show}
   */
  public List<Row> payload(MessageName name, int characters) throws SQLException {
    return session.query(
        PAYLOAD, characters, characters, characters, name.number(), name.whole(), name.whole());
  }

  /** What became of a message that is not among them. */
  public Optional<String> state(MessageName name) throws SQLException {
    return session
        .query("select m.state from outbox.message m where m.id = cast(? as bigint)", name.number())
        .stream()
        .map(row -> row.text("state"))
        .findFirst();
  }
}
