// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Follows what is delivered, or what is newly owed, by looking at {@code outbox.message} again and
 * again. Of what is delivered only that can be seen which its destination keeps.
 *
 * <p>Messages do not become visible in the order of their times or ids: each look begins somewhat
 * before where the last one ended, and what was shown already is passed over.
 */
public final class Tail {
  private static final String HEAD =
      "select outbox.wire_id(m.id, m.created_at) as id, m.id as number, m.destination, m.state,"
          + " m.op, m.source_schema, m.source_table, m.type, m.key, m.attempts, m.created_at,"
          + " m.delivered_at, m.last_error";

  private static final String ROWS = ", m.old_row, m.new_row, m.headers";

  private static final String CHOSEN =
      " and (cast(? as text) is null or m.source_table = cast(? as text)"
          + " or m.source_schema || '.' || m.source_table = cast(? as text))"
          + " and (cast(? as text) is null or m.key = cast(? as text))";

  private static final String DELIVERED =
      " from outbox.message m where m.destination = ? and m.state = 'delivered'"
          + " and m.delivered_at >= cast(? as timestamptz)"
          + " and (m.delivered_at, m.id) > (cast(? as timestamptz), cast(? as bigint))"
          + CHOSEN
          + " order by m.delivered_at, m.id limit 1000";

  private static final String OWED =
      " from outbox.message m where m.destination = ? and m.state <> 'delivered'"
          + " and m.id > cast(? as bigint)"
          + CHOSEN
          + " order by m.id limit 1000";

  private static final String LAST_ID =
      "select max(m.id) as last from outbox.message m where m.destination = ?";

  private static final int PAGE = 1000;

  /** A delivery commits this soon after the time that it bears. */
  private static final Duration LATE_DELIVERY = Duration.ofSeconds(2);

  /** So many later ids may be seen before that of a transaction that commits late. */
  private static final long LATE_IDS = 1000;

  private static final int MAX_REMEMBERED = 100_000;

  private final Session session;
  private final boolean owed;
  private final boolean payload;
  private final @Nullable String table;
  private final @Nullable String key;
  private final Map<String, Instant> deliveredUpTo = new HashMap<>();
  private final Map<String, Long> firstIds = new HashMap<>();
  private final Map<String, Long> lastIds = new HashMap<>();
  private final Set<String> shown = new LinkedHashSet<>();

  /**
   * What to follow.
   *
   * @param owed what is newly owed, not what is delivered
   * @param payload whether to fetch the rows' values
   * @param table {@code schema.table} or its name alone, null for any
   * @param key the whole key, null for any
   */
  public Tail(
      Session session,
      boolean owed,
      boolean payload,
      @Nullable String table,
      @Nullable String key) {
    this.session = session;
    this.owed = owed;
    this.payload = payload;
    this.table = table;
    this.key = key;
  }

  /**
   * From where on a destination is followed.
   *
   * @param since for what is delivered; what is owed is followed from now on
   */
  public void from(String destination, Instant since) throws SQLException {
    if (owed) {
      long last = session.one(LAST_ID, destination).number("last");
      firstIds.put(destination, last);
      lastIds.put(destination, last);
    } else {
      deliveredUpTo.put(destination, since);
    }
  }

  /** Whether a destination is followed. */
  public boolean follows(String destination) {
    return owed ? lastIds.containsKey(destination) : deliveredUpTo.containsKey(destination);
  }

  /**
   * Looks once.
   *
   * @param each hears of up to a thousand rows at a time
   * @return how many there were
   */
  public long look(Consumer<List<Row>> each) throws SQLException {
    long count = 0;
    for (String destination : List.copyOf(owed ? lastIds.keySet() : deliveredUpTo.keySet())) {
      count += owed ? owed(destination, each) : delivered(destination, each);
    }
    return count;
  }

  private long delivered(String destination, Consumer<List<Row>> each) throws SQLException {
    Instant upTo = deliveredUpTo.get(destination);
    Instant from = shown.isEmpty() ? upTo : upTo.minus(LATE_DELIVERY);
    Instant at = from;
    long id = -1;
    long count = 0;
    List<Row> rows;
    do {
      rows =
          session.query(
              payload ? HEAD + ROWS + DELIVERED : HEAD + DELIVERED,
              destination,
              from,
              at,
              id,
              table,
              table,
              table,
              key,
              key);
      for (Row row : rows) {
        at = row.get("delivered_at") instanceof Instant time ? time : at;
        id = row.number("number");
      }
      deliveredUpTo.merge(destination, at, (a, b) -> a.isAfter(b) ? a : b);
      count += show(rows, each);
    } while (rows.size() == PAGE);
    return count;
  }

  private long owed(String destination, Consumer<List<Row>> each) throws SQLException {
    long first = firstIds.get(destination);
    long after = Math.max(first, lastIds.get(destination) - LATE_IDS);
    long count = 0;
    List<Row> rows;
    do {
      rows =
          session.query(
              payload ? HEAD + ROWS + OWED : HEAD + OWED,
              destination,
              after,
              table,
              table,
              table,
              key,
              key);
      for (Row row : rows) {
        after = row.number("number");
      }
      lastIds.merge(destination, after, Math::max);
      count += show(rows, each);
    } while (rows.size() == PAGE);
    return count;
  }

  private long show(List<Row> rows, Consumer<List<Row>> each) {
    List<Row> fresh =
        rows.stream()
            .filter(row -> shown.add(row.text("destination") + ' ' + row.text("id")))
            .map(row -> row.without("number"))
            .toList();
    while (shown.size() > MAX_REMEMBERED) {
      shown.remove(shown.iterator().next());
    }
    if (!fresh.isEmpty()) {
      each.accept(fresh);
    }
    return fresh.size();
  }
}
