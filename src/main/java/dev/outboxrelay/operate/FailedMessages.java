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
          + " f.attempts, f.created_at, f.last_error from outbox.failed f where"
          + Selection.CONDITION
          + " order by f.destination, f.id limit cast(? as bigint)";

  private static final String SHOW =
      "select f.wire_id as id, f.destination, f.op, f.source_schema, f.source_table, f.type, f.key,"
          + " f.attempts, f.created_at, f.last_error, f.old_row, f.new_row, f.headers"
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

  /** What became of a message that is not among them. */
  public Optional<String> state(MessageName name) throws SQLException {
    return session
        .query("select m.state from outbox.message m where m.id = cast(? as bigint)", name.number())
        .stream()
        .map(row -> row.text("state"))
        .findFirst();
  }
}
