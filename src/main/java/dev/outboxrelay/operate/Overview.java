// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What there is: {@code outbox.status}, {@code outbox.explain}, {@code outbox.capture_list}. */
public final class Overview {
  private static final String STATUS =
      "select s.* from outbox.status s"
          + " where cast(? as text) is null or s.destination = cast(? as text)"
          + " order by s.destination";

  /** The age as a time: it stays the same while nothing happens. */
  private static final String LOOK =
      "select s.*, date_trunc('second', clock_timestamp() - s.oldest_age) as oldest_at"
          + " from outbox.status s order by s.destination";

  private static final String SIZES =
      "select o.name as destination, o.bytes, o.messages from outbox.owed_bytes() o"
          + " where o.messages > 0";

  private static final String CAPTURES =
      "select format('%I.%I', n.nspname, t.relname) as source, c.destination, c.operations,"
          + " c.level, c.fires, c.key,"
          + " c.columns, c.except_columns, c.condition, c.include_old, c.skip_unchanged, c.notify"
          + " from outbox.capture_list c join pg_class t on t.oid = c.source"
          + " join pg_namespace n on n.oid = t.relnamespace"
          + " where (cast(? as text) is null or c.destination = cast(? as text))"
          + " and (cast(? as text) is null or c.source = to_regclass(cast(? as text)))"
          + " order by 1, 2";

  private static final String EXPLAIN = "select e.* from outbox.explain(cast(? as text)) e";

  private final Session session;

  public Overview(Session session) {
    this.session = session;
  }

  /** A row a destination, with whatever the view tells. */
  public List<Row> status(@Nullable String destination) throws SQLException {
    return session.query(STATUS, destination, destination);
  }

  /** As {@link #status} of all, with the time of the oldest message instead of its age. */
  public List<Row> look() throws SQLException {
    return session.query(LOOK).stream().map(row -> row.without("oldest_age")).toList();
  }

  /** Of each destination that is owed messages: how many, and their bytes; an estimate. */
  public List<Row> sizes() throws SQLException {
    return session.query(SIZES);
  }

  /** A row for each reason why a message waits, the outermost first. */
  public List<Row> explain(MessageName name) throws SQLException {
    return session.query(EXPLAIN, name.text());
  }

  /** A row a table and destination. */
  public List<Row> captures(@Nullable String destination, @Nullable String table)
      throws SQLException {
    return session.query(CAPTURES, destination, destination, table, table);
  }
}
