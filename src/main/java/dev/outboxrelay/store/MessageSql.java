package dev.outboxrelay.store;

import dev.outboxrelay.values.Gate;

/**
 * The statements of {@link JdbcMessageStore}. Their plans matter: each walks an index from where
 * the last one ended, whatever the statistics say.
 *
 * <p>INVARIANT: of each, one index alone can serve. The planner considers an index for a condition
 * on its first column, for an order that it gives, and, if it is a partial one, for a condition
 * that implies its own: then it may walk all of it, dead rows included, and takes that for free
 * when it believes it to be empty. So a condition that another index could serve stands outside of
 * a fence, "offset 0", or is said in other words.
 */
final class MessageSql {
  private MessageSql() {}

  /** The true sizes: the row values are stored uncompressed, and octet_length looks no closer. */
  private static final String SIZE =
      "coalesce(pg_column_size(m.new_row), 0) + coalesce(pg_column_size(m.old_row), 0)"
          + " + coalesce(pg_column_size(m.headers), 0) + coalesce(octet_length(m.key), 0)"
          + " + coalesce(octet_length(m.type), 0)";

  /**
   * A key as gates know it: of a large one a hash, so that gates take little memory, and the index
   * of parked ones takes any key; word for word that index's expression. Two keys with one hash
   * share a gate: they wait for each other, and nothing else comes of it.
   */
  private static String gateKey(String row) {
    return "(case when octet_length("
        + row
        + ".key) <= 200 then "
        + row
        + ".key else 'hash ' || hashtextextended("
        + row
        + ".key, 0)::text end)";
  }

  /**
   * At most a day either way: a row may say 'infinity', which cannot be subtracted from. Null stays
   * null, which least() and greatest() would pass over.
   */
  private static String millisUntil(String time) {
    return "case when "
        + time
        + " is not null then ceil(extract(epoch from greatest(least("
        + time
        + ", now() + interval '1 day'), now() - interval '1 day') - now()) * 1000)::bigint end";
  }

  /** What {@link Rows} reads; due_in is in milliseconds, negative or 0 when the time has come. */
  private static String columns(String size, String state, String destination) {
    return "s.id, "
        + gateKey("s")
        + ", s.op, s.source_schema, s.source_table, s.xid, s.created_at,"
        + " case when s.size <= ? then s.type end, s.attempts, "
        + size
        + ","
        + " case when s.size <= ? then s.old_row end, case when s.size <= ? then s.new_row end,"
        + " case when s.size <= ? then s.headers end,"
        + " "
        + millisUntil("s.due_at")
        + ", "
        + state
        + ", "
        + destination
        + ", case when octet_length(s.key) > 200 and s.size <= ? then s.key end";
  }

  /**
   * Rows in an order, cut where their sizes add up to more than a budget. Parameters: message bytes
   * (5), those of {@code from}, rows, budget.
   */
  private static String sized(String from, String order) {
    return "select "
        + columns("s.size", "s.state", "s.destination")
        + " from (select m.*, "
        + SIZE
        + " as size,"
        + " sum("
        + SIZE
        + ") over (order by "
        + order
        + " rows unbounded preceding) as run"
        + " "
        + from
        + " order by "
        + order
        + " limit ?) s"
        + " where s.run - s.size < ?";
  }

  /**
   * One destination, said without an equality: the row comparison must be where the walk begins,
   * and beside an equality on its first column the index would take it for a filter, and walk from
   * the destination's first entry for every page. The order is what only the page index gives, so
   * that the walk cannot take the primary key.
   */
  private static final String IN_PAGE =
      "from outbox.message m where m.state = 'pending'"
          + " and (m.destination, m.id) > (?, ?) and m.destination <= ?"
          + " and pg_visible_in_snapshot(m.xid, ?::pg_snapshot)"
          + " and (?::pg_snapshot is null or not pg_visible_in_snapshot(m.xid, ?::pg_snapshot))";

  private static final String PAGE_ORDER = "m.destination, m.id";

  static final String SIZED_PAGE = sized(IN_PAGE, PAGE_ORDER);

  /**
   * As a sized page, without the running sum, which costs as much as reading the rows: bounded by
   * leaving out the values of each row that is larger than its share of the budget. Parameters: row
   * bytes (6), those of the page, rows.
   */
  static final String LEAN_PAGE =
      "select "
          + columns("case when s.size > ? then s.size end", "null", "null")
          + " from (select m.*, "
          + SIZE
          + " as size "
          + IN_PAGE
          + " order by "
          + PAGE_ORDER
          + " limit ?) s";

  private static String byXid(String condition) {
    return "(select m.id, m.destination, m.xid, m.state, m.due_at from outbox.message m where m.xid "
        + condition
        + " offset 0)";
  }

  /**
   * What was not visible in the last snapshot. States and destinations are compared after the walk
   * along the transaction ids, never instead of it. Parameters: last, last, destinations.
   */
  private static final String WINDOW =
      "select u.id, u.destination, u.xid, u.due_at from ("
          + byXid(">= pg_snapshot_xmax(?::pg_snapshot)")
          + " union all "
          + byXid("= any (array(select pg_snapshot_xip(?::pg_snapshot)))")
          + ") u where u.state = 'pending' and u.destination = any (?)";

  static final String TAIL =
      "with w as materialized (select id from ("
          + WINDOW
          + ") v limit ?),"
          + " n as materialized (select count(*) as found from w)"
          + " select pg_current_snapshot(), n.found, r.* from n left join lateral ("
          + sized(
              "from w cross join lateral (select * from outbox.message x where x.id = w.id offset 0) m"
                  + " where n.found <= ?",
              "m.id")
          + ") r on true";

  static final String FIRST_IDS =
      "select w.destination, min(w.id) from ("
          + WINDOW
          + ") w where pg_visible_in_snapshot(w.xid, ?::pg_snapshot) group by w.destination";

  private static final String IN_DUE =
      "from outbox.message m where m.destination = ? and m.state in ('pending', 'retry')"
          + " and m.due_at is not null and m.due_at <= now() and (not ? or m.state = 'retry')"
          + " and m.id <> all (?)";

  private static final String DUE_ORDER = "m.due_at, m.id";

  static final String DUE = sized(IN_DUE, DUE_ORDER);

  static final String NEXT_DUE =
      "select "
          + millisUntil("min(m.due_at)")
          + " from outbox.message m"
          + " where m.destination = ? and m.state in ('pending', 'retry') and m.due_at is not null"
          + " and (not ? or m.state = 'retry') and m.id <> all (?)";

  static final String NEXT_DUES =
      "select d.name, "
          + millisUntil("d.due_at")
          + " from (select n.name, (select min(m.due_at) from outbox.message m where m.destination = n.name"
          + " and m.state in ('pending', 'retry') and m.due_at is not null) as due_at"
          + " from unnest(?::text[]) as n (name) offset 0) d where d.due_at is not null";

  private static final String IN_REQUEUED =
      "from (select * from outbox.message x where x.id = any (?) offset 0) m"
          + " where m.destination = ? and m.state = 'pending'";

  static final String REQUEUED = sized(IN_REQUEUED, "m.id");

  private static String inHeld(String gate) {
    return "from outbox.message m where m.destination = ? and m.state = 'held' and " + gate;
  }

  /** The order is by the last column of the index of parked messages, word for word. */
  static String held(String gate) {
    return sized(inHeld(gate), "(m.id + 0)");
  }

  private static final String IN_PARKED =
      " from outbox.message m"
          + " where m.destination = ? and m.state in ('retry', 'held', 'failed') and (? or m.state <> 'failed')"
          + " and m.key is not null group by m.source_schema, m.source_table, "
          + gateKey("m");

  static final String PARKED =
      "select m.source_schema, m.source_table, "
          + gateKey("m")
          + ", min(m.id) filter (where m.state <> 'held'),"
          + " min(m.id) filter (where m.state = 'held')"
          + IN_PARKED
          + " limit ?";

  static final String STANDING =
      "select m.id from outbox.message m where m.id = any (?) and m.destination = ?"
          + " and m.state = any (?)";

  /** Null where the message is to be sent. */
  static final String FATES =
      "select m.id, case m.state when 'failed' then 'ASIDE' when 'delivered' then 'DELIVERED'"
          + " else case when m.due_at > now() then 'LATER' end end"
          + " from outbox.message m where m.id = any (?) and m.destination = ?";

  static final String BARRIER =
      "select min(p.id) from (select m.id, m.op from outbox.message m"
          + " where m.destination = ? and m.state = 'retry' offset 0) p where p.op = 'truncate'";

  static final String COMPLETE =
      "delete from outbox.message where id = any (?) and destination = ?";

  /**
   * One statement for many destinations: one each would be a round trip a message. Each id is
   * looked up first, fenced off, since a join would as soon walk the whole table.
   */
  static final String COMPLETE_SEVERAL =
      "delete from outbox.message where id = any (array("
          + "select x.id from unnest(?::bigint[], ?::text[]) as d (id, destination) cross join lateral"
          + " (select m.id, m.destination from outbox.message m where m.id = d.id offset 0) x"
          + " where x.destination = d.destination))";

  static final String KEEP =
      "update outbox.message set state = 'delivered', delivered_at = clock_timestamp(), due_at = null"
          + " where id = any (?) and destination = ? and state <> 'delivered'";

  /**
   * What may be marked as refused, and by its xid is what was refused. Compared as text, since rows
   * are found by their ids, never by the index of transactions.
   */
  private static final String STILL_OWED =
      "in ('pending', 'retry', 'held') and m.xid::text = ?::xid8::text";

  /**
   * Parameters: destination, epoch, ids, those of the states. A fence: a relay that has been
   * replaced, or one of its statements that is still under way, changes no state any more. The
   * take-over waits for the row of destination_state that this locks, and thereby for statements
   * under way. INVARIANT: with that lock a statement never waits for a message that another
   * transaction has locked, or the take-over would wait as long.
   */
  private static String fenced(String states, String locked) {
    return " where id = any (array(select m.id from outbox.destination_state d"
        + " join outbox.message m on m.destination = d.destination"
        + " where d.destination = ? and d.epoch = ? and m.id = any (?) and m.state "
        + states
        + " for share of d for update of m "
        + locked
        + "))";
  }

  static final String RETRY =
      "update outbox.message set state = 'retry', attempts = ?, last_error = ?,"
          + " due_at = clock_timestamp() + ? * interval '1 millisecond'"
          + fenced(STILL_OWED, "nowait");

  static final String FAIL =
      "update outbox.message set state = 'failed', attempts = ?, last_error = ?, due_at = null"
          + fenced(STILL_OWED, "nowait");

  /** In words that imply no index of pending messages. */
  private static final String IS_PENDING = "not in ('retry', 'held', 'failed', 'delivered')";

  static final String HOLD =
      "update outbox.message set state = 'held'" + fenced(IS_PENDING, "skip locked");

  /** What {@link #HOLD} has left out, and should not. */
  static final String NOT_HELD =
      "select m.id from outbox.destination_state d join outbox.message m on m.destination = d.destination"
          + " where d.destination = ? and d.epoch = ? and m.id = any (?) and m.state "
          + IS_PENDING;

  /**
   * Spans of ids, and what was not visible in a snapshot. Parameters: the spans' destinations,
   * first ids, last ids; since, since, destinations, snapshot, destination, id, rows.
   */
  static final String OWED =
      "select o.destination, o.id from ("
          + "select m.id, m.destination, m.xid, m.due_at from unnest(?::text[], ?::bigint[], ?::bigint[])"
          + " as d (name, first_id, last_id) cross join lateral (select x.id, x.destination, x.xid, x.due_at"
          + " from outbox.message x where x.state = 'pending'"
          + " and (x.destination, x.id) >= (d.name, d.first_id)"
          + " and (x.destination, x.id) <= (d.name, d.last_id) offset 0) m"
          + " union all "
          + WINDOW
          + ") o where pg_visible_in_snapshot(o.xid, ?::pg_snapshot) and o.due_at is null"
          + " and (o.destination, o.id) > (?, ?) order by o.destination, o.id limit ?";

  /**
   * Of what was not visible in a snapshot, the ids below each destination's. Parameters: since,
   * since, destinations, their ids as an object, rows.
   */
  static final String ARRIVED =
      "select pg_current_snapshot(), a.destination, a.id from (values (1)) always (so)"
          + " left join (select w.destination, w.id from ("
          + WINDOW
          + ") w where w.due_at is null and w.id < (?::jsonb ->> w.destination)::bigint limit ?) a on true";

  /**
   * What a part of the table holds, by its blocks: the pending ids outside of each destination's
   * span. Parameters: first block, end, first ids as an object, last ids, snapshot, rows.
   */
  static final String IN_BLOCKS =
      "select pg_relation_size('outbox.message') / current_setting('block_size')::bigint, b.destination, b.id"
          + " from (values (1)) always (so) left join (select u.destination, u.id from ("
          + "select m.id, m.destination, m.xid, m.state, m.due_at from outbox.message m"
          + " where m.ctid >= ?::tid and m.ctid < ?::tid offset 0) u"
          + " where u.state = 'pending' and u.due_at is null"
          + " and (u.id < (?::jsonb ->> u.destination)::bigint"
          + " or u.id > (?::jsonb ->> u.destination)::bigint)"
          + " and pg_visible_in_snapshot(u.xid, ?::pg_snapshot) limit ?) b on true";

  /**
   * The rows are locked as delivered ones, so they are not asked for their state again. What has
   * been purged is left behind, but for a minute: a row may be committed later than it says.
   * Parameters: from where, as an object; rows, rows.
   */
  static final String PURGE =
      "with gone as (delete from outbox.message where id = any (array("
          + "select m.id from outbox.destination d cross join lateral ("
          + "select x.id from outbox.message x where x.state = 'delivered' and x.destination = d.name"
          + " and x.delivered_at >= coalesce((?::jsonb ->> d.name)::timestamptz, '-infinity')"
          + " and x.delivered_at < now() - least(coalesce(d.keep_delivered, interval '0'), interval '100 years')"
          + " order by x.delivered_at limit ? for update skip locked) m limit ?))"
          + " returning destination, delivered_at)"
          + " select destination, count(*), max(delivered_at) - interval '1 minute' from gone group by destination";

  /** Written out, since an index does not serve "is not distinct from". */
  static String condition(Gate gate) {
    return (gate.schema() == null ? "m.source_schema is null" : "m.source_schema = ?")
        + (gate.table() == null ? " and m.source_table is null" : " and m.source_table = ?")
        + " and "
        + gateKey("m")
        + " = ?";
  }

  // Where a row cannot be read: which there are, and one of them after the other. -----------------

  /** Ids and sizes, which are read without looking at any value. */
  private static String places(String from, String order) {
    return "select m.id, " + SIZE + " " + from + " order by " + order + " limit ?";
  }

  static final String PAGE_PLACES = places(IN_PAGE, PAGE_ORDER);

  static final String DUE_PLACES = places(IN_DUE, DUE_ORDER);

  static final String REQUEUED_PLACES = places(IN_REQUEUED, "m.id");

  static String heldPlaces(String gate) {
    return places(inHeld(gate), "m.id");
  }

  /** As a tail read, with the same snapshot. Parameters: last, last, destinations, rows, rows. */
  static final String TAIL_PLACES =
      "with w as materialized (select id from ("
          + WINDOW
          + ") v limit ?),"
          + " n as materialized (select count(*) as found from w)"
          + " select pg_current_snapshot(), n.found, p.id, p.size from n left join lateral ("
          + "select m.id, "
          + SIZE
          + " as size from w cross join lateral"
          + " (select * from outbox.message x where x.id = w.id offset 0) m where n.found <= ?"
          + " order by m.id) p on true";

  private static final String STILL_TO_BE_READ =
      " and m.destination = any (?) and (m.state = ? or ?::text is null and m.state in ('pending', 'retry'))";

  static final String BY_IDS =
      sized("from outbox.message m where m.id = any (?)" + STILL_TO_BE_READ, "m.id");

  private static String unreadable(String gate) {
    return "select m.destination, m.op, m.state, m.attempts, m.xid, "
        + millisUntil("m.due_at")
        + ", "
        + SIZE
        + ", "
        + gate
        + " from outbox.message m where m.id = ?"
        + STILL_TO_BE_READ;
  }

  static final String UNREADABLE =
      unreadable("m.source_schema, m.source_table, " + gateKey("m") + ", m.created_at");

  static final String UNREADABLE_KEYLESS = unreadable("null, null, null, m.created_at");

  /** As {@link #PARKED}, by ids. */
  static final String PARKED_IDS =
      "select min(m.id) filter (where m.state <> 'held'), min(m.id) filter (where m.state = 'held')"
          + IN_PARKED
          + " limit ?";

  static final String GATES =
      "select m.id, m.source_schema, m.source_table, "
          + gateKey("m")
          + " from outbox.message m where m.id = any (?)";
}
