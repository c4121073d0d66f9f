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
      "select s.*, date_trunc('second', clock_timestamp() - s.oldest_age) as oldest_at,"
          + " d.max_rate,"
          + " trim_scale(cast(d.failure_budget * 100 as numeric)) as failure_budget_percent,"
          + " d.failure_budget_answers"
          + " from outbox.status s join outbox.destination d on d.name = s.destination"
          + " order by s.destination";

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

  /** Those that have not ended first, then the latest. */
  private static final String REPLAYS =
      "select p.id::text as id, p.destination, p.to_destination,"
          + " (select array_agg(distinct s.schema_name || '.' || s.table_name)"
          + " from outbox.source s where s.number = any (p.sources)) as tables,"
          + " p.keys, p.since, p.until, p.condition, p.messages, p.started_at, p.started_by,"
          + " p.step_at, p.ended_at, p.cancelled_by,"
          + " p.ended_at is null and p.step_at > clock_timestamp() - interval '1 minute' as moves,"
          + " case when p.ended_at is not null and p.cancelled_by is null"
          + " or p.end_id <= p.begin_id then 100"
          + " else greatest(0, least(100,"
          + " 100 * (p.after_id - p.begin_id) / (p.end_id - p.begin_id))) end as percent"
          + " from outbox.replay_progress p"
          + " order by p.ended_at is not null, p.id desc limit cast(? as integer)";

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

  /** Replays: which messages of them, how far each has come, how it has ended. */
  public List<Row> replays(int limit) throws SQLException {
    return session.query(REPLAYS, limit);
  }

  /** A row a table and destination. */
  public List<Row> captures(@Nullable String destination, @Nullable String table)
      throws SQLException {
    return session.query(CAPTURES, destination, destination, table, table);
  }
}
