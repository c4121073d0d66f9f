// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.util.Map;

/**
 * The statements of {@link JdbcMessageStore}. Their plans matter: each walks an index from where
 * the last one ended, whatever the statistics say.
 *
 * <p>INVARIANT: of each, one index alone can serve. The planner considers an index for a condition
 * on its first column, for an order that it gives, and, if it is a partial one, for a condition
 * that implies its own: then it may walk all of it, dead rows included, and takes that for free
 * when it believes it to be empty. So a condition that another index could serve stands outside of
 * a fence, "offset 0", or is said in other words. Before PostgreSQL 17 that holds for a list on the
 * second column as well: it may become a filter on a walk along the first. So rows are looked up
 * one by one, see {@link #lookup}.
 *
 * <p>A destination is a number here, see {@link Numbers}.
 */
final class MessageSql {
  private MessageSql() {}

  /** See {@link Expressions#SIZE}. */
  private static final String SIZE = Expressions.SIZE;

  /** What both tables have. */
  private static final String COMMON =
      """
      id, xid, created_at, destination, source, op, key, new_row, old_row, type, headers, tx, \
      schema_name, table_name, expires_at""";

  /** As {@link #COMMON}, of x. */
  private static final String COMMON_OF_X = "x." + COMMON.replace(", ", ", x.");

  /** What goes with a message from one table to the other: with what became of it before. */
  private static final String MOVED = COMMON + ", first_failed_at, requeued, requeued_by";

  private static final String MOVED_OF_X = "x." + MOVED.replace(", ", ", x.");

  /** A row of {@code outbox.pending x} with what {@code outbox.parked} has beyond it. */
  private static final String PENDING_ROW =
      COMMON_OF_X + ", 0 as attempts, null::timestamptz as due_at, 'pending' as state";

  private static final String PARKED_ROW = COMMON_OF_X + ", x.attempts, x.due_at, x.state";

  /** See {@link Expressions#gateKey}. */
  private static final String GATE_KEY = Expressions.gateKey("m");

  /**
   * Rows in an order, cut where their sizes add up to more than a budget. Parameters: message bytes
   * (5), those of {@code from}, rows, budget.
   */
  private static String sized(String from, String order) {
    return Expressions.sql(
        """
        select %1$s
        from (
          select m.*, %2$s as size, sum(%2$s) over (order by %4$s rows unbounded preceding) as run
          %3$s
          order by %4$s limit ?) s
        where s.run - s.size < ?""",
        RowColumn.list(), SIZE, from, order);
  }

  /**
   * One destination, said without an equality: the row comparison must be where the walk begins,
   * and beside an equality on its first column the index would take it for a filter, and walk from
   * the destination's first entry for every page.
   */
  private static final String IN_PAGE =
      Expressions.sql(
          """
      from (
        select %s
        from outbox.pending x
        where (x.destination, x.id) > (?, ?) and x.destination <= ?) m
      where pg_visible_in_snapshot(m.xid, ?::pg_snapshot)
        and (?::pg_snapshot is null or not pg_visible_in_snapshot(m.xid, ?::pg_snapshot))""",
          PENDING_ROW);

  private static final String PAGE_ORDER = "m.destination, m.id";

  static final String SIZED_PAGE = sized(IN_PAGE, PAGE_ORDER);

  /**
   * As a sized page, without the running sum, which costs as much as reading the rows: bounded by
   * leaving out the values of each row that is larger than its share of the budget. Parameters: row
   * bytes (6), those of the page, rows.
   */
  static final String LEAN_PAGE =
      Expressions.sql(
          """
      select %s
      from (
        select m.*, %s as size
        %s
        order by %s limit ?) s""",
          RowColumn.list(
              Map.of(
                  RowColumn.SIZE, "case when s.size > ? then s.size end",
                  RowColumn.DUE_IN, "null",
                  RowColumn.STATE, "null",
                  RowColumn.DESTINATION, "null")),
          SIZE,
          IN_PAGE,
          PAGE_ORDER);

  private static String pendingByXid(String condition) {
    return Expressions.sql(
        """
    (
        select m.id, m.destination, m.xid, false as parked
        from outbox.pending m where m.xid %s offset 0)""",
        condition);
  }

  private static String parkedByXid(String condition) {
    return Expressions.sql(
        """
    (
        select m.id, m.destination, m.xid, true as parked
        from outbox.parked m where m.state = 'pending' and m.xid %s offset 0)""",
        condition);
  }

  private static final String BEGUN_SINCE = ">= pg_snapshot_xmax(?::pg_snapshot)";

  private static final String OPEN_THEN = "= any (array(select pg_snapshot_xip(?::pg_snapshot)))";

  /**
   * What was not visible in the last snapshot, of what is published for later as well. Destinations
   * are compared after the walk along the transaction ids, never instead of it. Parameters: last
   * (4), destinations.
   */
  private static final String WINDOW =
      Expressions.sql(
          """
      select u.id, u.destination, u.xid, u.parked
      from (%s union all %s union all %s union all %s) u
      where u.destination = any (?)""",
          pendingByXid(BEGUN_SINCE),
          pendingByXid(OPEN_THEN),
          parkedByXid(BEGUN_SINCE),
          parkedByXid(OPEN_THEN));

  /** As the window, of what is not for later alone. Parameters: last, last, destinations. */
  private static final String PENDING_WINDOW =
      Expressions.sql(
          """
      select u.id, u.destination, u.xid
      from (%s union all %s) u
      where u.destination = any (?)""",
          pendingByXid(BEGUN_SINCE), pendingByXid(OPEN_THEN));

  /** The rows of the window w, each from its table, as far as there are not too many. */
  private static final String OF_WINDOW =
      Expressions.sql(
          """
      from w cross join lateral (
        select %s
        from outbox.pending x
        where not w.parked and x.destination = w.destination and x.id = w.id
        union all
        select %s
        from outbox.parked x
        where w.parked and x.destination = w.destination and x.id = w.id
        offset 0) m
      where n.found <= ?""",
          PENDING_ROW, PARKED_ROW);

  /** The window, as w, and how many it holds, as n. */
  private static final String WITH_WINDOW =
      Expressions.sql(
          """
      with w as materialized (select id, destination, parked from (%s) v limit ?),
        n as materialized (select count(*) as found from w)""",
          WINDOW);

  static final String TAIL =
      Expressions.sql(
          """
      %s
      select pg_current_snapshot(), n.found, r.*
      from n left join lateral (%s) r on true""",
          WITH_WINDOW, sized(OF_WINDOW, "m.id"));

  static final String FIRST_IDS =
      Expressions.sql(
          """
      select w.destination, min(w.id)
      from (%s) w
      where pg_visible_in_snapshot(w.xid, ?::pg_snapshot)
      group by w.destination""",
          WINDOW);

  private static final String WITH_A_TIME =
      "x.state in ('pending', 'retry') and x.due_at is not null";

  private static final String IN_DUE =
      Expressions.sql(
          """
      from (
        select %s
        from outbox.parked x
        where (x.destination + 0) = ? and %s and x.due_at <= now()) m
      where (not ? or m.state = 'retry') and m.id <> all (?)""",
          PARKED_ROW, WITH_A_TIME);

  private static final String DUE_ORDER = "m.due_at, m.id";

  static final String DUE = sized(IN_DUE, DUE_ORDER);

  static final String NEXT_DUE =
      Expressions.sql(
          """
      select %s
      from outbox.parked x
      where (x.destination + 0) = ? and %s and (not ? or x.state = 'retry') and x.id <> all (?)""",
          Expressions.millisUntil("min(x.due_at)"), WITH_A_TIME);

  static final String NEXT_DUES =
      Expressions.sql(
          """
      select d.number, %s
      from (
        select n.number, (
          select min(x.due_at) from outbox.parked x
          where (x.destination + 0) = n.number and %s) as due_at
        from unnest(?::integer[]) as n (number) offset 0) d
      where d.due_at is not null""",
          Expressions.millisUntil("d.due_at"), WITH_A_TIME);

  /** A destination's ids, to look up. Parameters: destination, ids. */
  private static final String THESE =
      "(select ?::integer as destination) d cross join unnest(?::bigint[]) as i (id)";

  /** One row of a table, by what names it in {@link #THESE} or the like. */
  private static String lookup(String table, String columns, String destination, String locking) {
    return Expressions.sql(
        """
        cross join lateral (
          select %2$s from outbox.%1$s r
          where r.destination = %3$s.destination and r.id = i.id %4$s)""",
        table, columns, destination, locking);
  }

  /** Rows of a table by their ids. Parameters: destination, ids. */
  private static String these(String table) {
    return THESE + " " + lookup(table, "*", "d", "offset 0");
  }

  /**
   * The places of a destination's rows: the ids are looked up one by one, then the rows are fetched
   * without an index. Parameters: destination, those of ids.
   */
  private static String placed(String table, String ids) {
    return Expressions.sql(
        """
        ctid = any (array(
          select l.ctid
          from (select ?::integer as destination) d cross join unnest(%s) as i (id)
          %s l))""",
        ids, lookup(table, "r.ctid", "d", "offset 0"));
  }

  private static final String IDS = "?::bigint[]";

  /** Rows of either table. */
  private static String inEither(String pending, String parked) {
    return Expressions.sql(
        """
        from (
          select %s from %s x
          union all
          select %s from %s x
          offset 0) m""",
        PENDING_ROW, pending, PARKED_ROW, parked);
  }

  private static final String IN_REQUEUED =
      inEither(these("pending"), these("parked")) + " where m.state = 'pending'";

  /** Parameters: message bytes (5), destination, ids, destination, ids, rows, budget. */
  static final String REQUEUED = sized(IN_REQUEUED, "m.id");

  private static final String IN_HELD =
      Expressions.sql(
          """
      from (
        select %s
        from outbox.parked x
        where (x.destination + 0) = ? and x.state = 'held' and x.source = ? and %s = ?) m
      where true""",
          PARKED_ROW, Expressions.gateKey("x"));

  /** The order is by the last column of the index of gates, word for word. */
  private static final String HELD_ORDER = "(m.id + 0)";

  static final String HELD = sized(IN_HELD, HELD_ORDER);

  private static final String IN_PARKED =
      Expressions.sql(
          """
      from outbox.parked m
      where (m.destination + 0) = ? and m.state in ('retry', 'held', 'failed')
        and (? or m.state <> 'failed') and m.key is not null
      group by m.source, %s""",
          GATE_KEY);

  /**
   * The first refused ones of a gate, and the first held one. The order is the one of the index.
   */
  private static final String FIRST_PARKED =
      "(array_agg(m.id order by (m.id + 0)) filter (where m.state <> 'held'))[1:"
          + Parked.MAX_REFUSED
          + "], min(m.id) filter (where m.state = 'held')";

  static final String PARKED =
      Expressions.sql(
          """
      select m.source, %s, %s
      %s
      limit ?""",
          GATE_KEY, FIRST_PARKED, IN_PARKED);

  /** Ids in either table. Parameters: destination, ids, destination, ids. */
  private static String standing(String states) {
    return Expressions.sql(
        """
        select m.id from %s m
        union all
        select p.id from %s p where %s""",
        these("pending"), these("parked"), states);
  }

  /** Parameters: those of ids in either table, states. */
  static final String STANDING = standing("p.state = any (?)");

  /** Null where the message is to be sent. Parameters: those of ids in either table. */
  static final String FATES =
      Expressions.sql(
          """
      select m.id, null::text from %s m
      union all
      select m.id,
        case m.state when 'failed' then 'ASIDE' when 'delivered' then 'DELIVERED'
          else case when m.due_at > now() then 'LATER' end end
      from %s m""",
          these("pending"), these("parked"));

  static final String BARRIER =
      """
      select p.id
      from (
        select m.id, m.op from outbox.parked m
        where (m.destination + 0) = ? and m.state = 'retry' offset 0) p
      where p.op = 't' order by p.id limit 100""";

  /**
   * INVARIANT: the row of destination_state is locked first, for which each look-up needs what its
   * part of the statement gives. Parameters: destination, destination, its name, epoch, ids. See
   * {@link #parking}.
   */
  private static String fenced(String table, String states, String locked) {
    return placed(
        table,
        Expressions.sql(
            """
            array(
              select m.id
              from (
                select ?::integer as destination
                from outbox.destination_state s
                where s.destination = ? and s.epoch = ? for share) d
              cross join unnest(?::bigint[]) as i (id)
              %s m)""",
            lookup(table, "r.id", "d", states + " for update " + locked)));
  }

  static final String EPOCH = "select epoch from outbox.destination_state where destination = ?";

  private static final String FIRST_FAILED_AT = "coalesce(x.first_failed_at, now())";

  /** Of one that is set aside. */
  private static final String FAILED_ROW = MOVED_OF_X.replace("x.first_failed_at", FIRST_FAILED_AT);

  /** As this, without what may be damaged on the disk. */
  private static final String WITHOUT_VALUES =
      FAILED_ROW
          .replace("x.new_row", "null::json")
          .replace("x.old_row", "null::json")
          .replace("x.headers", "null::json");

  /** As this, without the key and the type, which may be large and damaged as well. */
  private static final String WITHOUT_KEY =
      WITHOUT_VALUES.replace("x.key", "null::text").replace("x.type", "null::text");

  /**
   * Pending messages that are to be parked ones, with what a message gets that leaves {@code
   * outbox.pending}: state, attempts, last_error, due_at, delivered_at, failed_at.
   */
  private static String parked(String which, String row, String values) {
    return Expressions.sql(
        """
        with x as (
          delete from outbox.pending where %2$s
          returning %1$s)
        insert into outbox.parked (
          %1$s, state, attempts, last_error, due_at, delivered_at, failed_at)
        select %3$s, %4$s from x""",
        MOVED, which, row, values);
  }

  /**
   * Moves pending messages to the parked ones. Parameters: those of {@link #fenced}, then those of
   * the values.
   *
   * <p>A fence: a relay that has been replaced, or one of its statements that is still under way,
   * changes no state any more. The take-over waits for the row of destination_state that this
   * locks, and thereby for statements under way. INVARIANT: with that lock a statement never waits
   * for a message that another transaction has locked, or the take-over would wait as long.
   */
  private static String parking(String which, String locked, String values) {
    return parked(fenced("pending", which, locked), MOVED_OF_X, values);
  }

  /**
   * By its xid it is what was refused: a person may have made it owed again. Compared as text,
   * since rows are found by their ids, never by the index of transactions.
   */
  private static final String THE_SAME = " and r.xid::text = ?::xid8::text";

  /** What may be marked as refused, of the parked ones. */
  private static final String STILL_OWED =
      " and r.state in ('pending', 'retry', 'held')" + THE_SAME;

  private static final String LATER = "clock_timestamp() + ? * interval '1 millisecond'";

  /** Values: attempts, error, milliseconds. */
  static final String RETRY =
      parking(THE_SAME, "nowait", "'retry', ?, ?, " + LATER + ", null, null");

  /** Of one that is parked already. Parameters: attempts, error, milliseconds, fence. */
  static final String RETRY_PARKED =
      Expressions.sql(
          """
      update outbox.parked set state = 'retry', attempts = ?, last_error = ?, due_at = %s
      where %s""",
          LATER, fenced("parked", STILL_OWED, "nowait"));

  private static final String SET_ASIDE = "'failed', ?, ?, null, null, now()";

  /** Values: attempts, error. */
  static final String FAIL = parked(fenced("pending", THE_SAME, "nowait"), FAILED_ROW, SET_ASIDE);

  /** Of one whose values the disk has lost: it cannot move with them. */
  static final String FAIL_WITHOUT_VALUES =
      parked(fenced("pending", THE_SAME, "nowait"), WITHOUT_VALUES, SET_ASIDE);

  /** Of one whose key is lost as well: no message that can be read has it. */
  static final String FAIL_WITHOUT_KEY =
      parked(fenced("pending", THE_SAME, "nowait"), WITHOUT_KEY, SET_ASIDE);

  static final String FAIL_PARKED =
      Expressions.sql(
          """
      update outbox.parked x
      set state = 'failed', attempts = ?, last_error = ?, due_at = null,
        failed_at = now(), first_failed_at = coalesce(x.first_failed_at, now())
      where %s""",
          fenced("parked", STILL_OWED, "nowait"));

  static final String HOLD = parking("", "nowait", "'held', 0, null, null, null, null");

  /** What was published for later, and waits behind another of its key when its time has come. */
  static final String HOLD_PARKED =
      "update outbox.parked set state = 'held', due_at = null where "
          + fenced(
              "parked", " and r.state not in ('retry', 'held', 'failed', 'delivered')", "nowait");

  /** What holding would mark. Parameters: name, epoch, those of ids. */
  static final String NOT_HELD =
      Expressions.sql(
          """
      select i.id
      from outbox.destination_state d cross join lateral (%s) i
      where d.destination = ? and d.epoch = ?""",
          standing("p.state = 'pending'"));

  /**
   * Spans of ids, and what was not visible in a snapshot. Parameters: the spans' destinations,
   * first ids, last ids; since, since, destinations, snapshot, destination, id, rows.
   */
  static final String OWED =
      Expressions.sql(
          """
      select o.destination, o.id
      from (
        select m.id, m.destination, m.xid
        from unnest(?::integer[], ?::bigint[], ?::bigint[]) as d (number, first_id, last_id)
        cross join lateral (
          select x.id, x.destination, x.xid
          from outbox.pending x
          where (x.destination, x.id) >= (d.number, d.first_id)
            and (x.destination, x.id) <= (d.number, d.last_id)
          offset 0) m
        union all
        %s) o
      where pg_visible_in_snapshot(o.xid, ?::pg_snapshot) and (o.destination, o.id) > (?, ?)
      order by o.destination, o.id limit ?""",
          PENDING_WINDOW);

  /**
   * Of what was not visible in a snapshot, the ids below each destination's. Parameters: since,
   * since, destinations, their ids as an object, rows.
   */
  static final String ARRIVED =
      Expressions.sql(
          """
      select pg_current_snapshot(), a.destination, a.id
      from (values (1)) always (so)
      left join (
        select w.destination, w.id
        from (%s) w
        where w.id < (?::jsonb ->> w.destination::text)::bigint limit ?) a on true""",
          PENDING_WINDOW);

  /**
   * What a part of the table holds, by its blocks: the pending ids outside of each destination's
   * span. Parameters: first block, end, first ids as an object, last ids, snapshot, rows.
   */
  static final String IN_BLOCKS =
      """
      select pg_relation_size('outbox.pending') / current_setting('block_size')::bigint,
        b.destination, b.id
      from (values (1)) always (so)
      left join (
        select u.destination, u.id
        from (
          select m.id, m.destination, m.xid from outbox.pending m
          where m.ctid >= ?::tid and m.ctid < ?::tid offset 0) u
        where (u.id < (?::jsonb ->> u.destination::text)::bigint
            or u.id > (?::jsonb ->> u.destination::text)::bigint)
          and pg_visible_in_snapshot(u.xid, ?::pg_snapshot)
        limit ?) b on true""";

  /**
   * The rows are locked as delivered ones, so they are not asked for their state again. What has
   * been purged is left behind, but for a minute: a row may be committed later than it says.
   * Parameters: from where, as an object; rows, rows.
   */
  static final String PURGE =
      """
      with gone as (
        delete from outbox.parked where ctid = any (array(
          select m.ctid
          from outbox.destination d
          cross join lateral (
            select x.ctid
            from outbox.parked x
            where x.state = 'delivered' and (x.destination + 0) = d.number
              and x.delivered_at >= coalesce((?::jsonb ->> d.name)::timestamptz, '-infinity')
              and x.delivered_at
                < now() - least(coalesce(d.keep_delivered, interval '0'), interval '100 years')
            order by x.delivered_at limit ? for update skip locked) m
          limit ?))
        returning destination, delivered_at)
      select (select n.name from outbox.destination_number n where n.number = g.destination),
        count(*), max(g.delivered_at) - interval '1 minute'
      from gone g group by g.destination""";

  /**
   * To take messages off, or to keep them: what a completion does, by destination and ids. This one
   * is executed oftenest, and looking up each id costs more than the deletion. So it is for servers
   * alone for which the list is always a condition of the index: those from {@link #LISTED_SINCE}.
   */
  static final String COMPLETE_LISTED =
      "delete from outbox.pending where destination = ? and id = any (?)";

  static final int LISTED_SINCE = 17;

  static final String COMPLETE = "delete from outbox.pending where " + placed("pending", IDS);

  static final String COMPLETE_PARKED = "delete from outbox.parked where " + placed("parked", IDS);

  /**
   * One statement for many destinations: one each would be a round trip a message. Parameters: ids,
   * destinations.
   */
  private static String completeSeveral(String table) {
    return Expressions.sql(
        """
        delete from outbox.%1$s where ctid = any (array(
          select l.ctid
          from unnest(?::bigint[], ?::integer[]) as i (id, destination)
          %2$s l))""",
        table, lookup(table, "r.ctid", "i", "offset 0"));
  }

  static final String COMPLETE_SEVERAL = completeSeveral("pending");

  static final String COMPLETE_SEVERAL_PARKED = completeSeveral("parked");

  /** Compared as text, as in {@link #THE_SAME}. */
  private static final String DELIVERED_NOW = " xid::text = any (?)";

  private static String keep(String which) {
    return parked(
        placed("pending", which) + " and" + DELIVERED_NOW,
        MOVED_OF_X,
        "'delivered', 0, null, null, clock_timestamp(), null");
  }

  private static String keepParked(String which) {
    return Expressions.sql(
        """
        update outbox.parked set state = 'delivered', delivered_at = clock_timestamp(), due_at = null
        where %s and coalesce(state, '') <> 'delivered' and%s""",
        placed("parked", which), DELIVERED_NOW);
  }

  /** Ids that nobody else has locked. Parameters: destination, ids. */
  private static String free(String table) {
    return Expressions.sql(
        """
        array(
          select m.id from %s
          %s m)""",
        THESE, lookup(table, "r.id", "d", "for update skip locked"));
  }

  /** Ids in either table that nobody else has locked, each by one statement. */
  static final String FREE = "select unnest(" + free("pending") + ")";

  static final String FREE_PARKED = "select unnest(" + free("parked") + ")";

  static final String KEEP = keep(IDS);

  static final String KEEP_PARKED = keepParked(IDS);

  /** Takes delivered ones off that could be kept otherwise. */
  static final String COMPLETE_DELIVERED = COMPLETE + " and" + DELIVERED_NOW;

  /**
   * What is only kept, and bears the number of a pending message of its destination. Looked up one
   * by one. Parameters: destination, ids.
   */
  static final String FREE_NUMBERS =
      Expressions.sql(
          """
      delete from outbox.parked k
      where k.%s and k.state = 'delivered' and (
        select true from outbox.pending p
        where p.destination = k.destination and p.id = k.id offset 0)""",
          placed("parked", IDS));

  /** Parameters of this and the next: destination, destination, ids. */
  static final String KEEP_FREE = keep(free("pending"));

  static final String KEEP_FREE_PARKED = keepParked(free("parked"));

  static final String COMPLETE_FREE =
      "delete from outbox.pending where " + placed("pending", free("pending"));

  static final String COMPLETE_FREE_PARKED =
      "delete from outbox.parked where " + placed("parked", free("parked"));

  /** What is left of a completion of the free rows: it is locked. */
  static final String LEFT = standing("p.state <> 'delivered'");

  /** Parameters: destination, ids, transactions, and these again. */
  static final String LEFT_OF_KEPT =
      "select m.id from "
          + these("pending")
          + " m where"
          + DELIVERED_NOW
          + " union all select p.id from "
          + these("parked")
          + " p where p.state <> 'delivered' and"
          + DELIVERED_NOW;

  // Where a row cannot be read: which there are, and one of them after the other. -----------------

  /** What names a row, and its size, which are read without looking at any value. */
  private static String places(String from, String order) {
    return Expressions.sql(
        """
        select m.id, m.destination, %s
        %s
        order by %s limit ?""",
        SIZE, from, order);
  }

  static final String PAGE_PLACES = places(IN_PAGE, PAGE_ORDER);

  static final String DUE_PLACES = places(IN_DUE, DUE_ORDER);

  static final String REQUEUED_PLACES = places(IN_REQUEUED, "m.id");

  static final String HELD_PLACES = places(IN_HELD, HELD_ORDER);

  /** As a tail read, with the same snapshot. Parameters: last (4), destinations, rows, rows. */
  static final String TAIL_PLACES =
      Expressions.sql(
          """
      %s
      select pg_current_snapshot(), n.found, p.id, p.destination, p.size
      from n left join lateral (
        select m.id, m.destination, %s as size
        %s
        order by m.id) p on true""",
          WITH_WINDOW, SIZE, OF_WINDOW);

  private static String named(String table) {
    return "unnest(?::integer[], ?::bigint[]) as i (destination, id) "
        + lookup(table, "*", "i", "offset 0");
  }

  /** Parameters: each one's destination, ids, and these again; state, state. */
  private static final String IN_BY_IDS =
      Expressions.sql(
          """
      %s
      where (m.state = ? or ?::text is null and m.state in ('pending', 'retry'))""",
          inEither(named("pending"), named("parked")));

  static final String BY_IDS = sized(IN_BY_IDS, "m.id");

  private static String unreadable(Map<UnreadableColumn, String> instead) {
    return "select " + UnreadableColumn.list(instead) + " " + IN_BY_IDS;
  }

  static final String UNREADABLE = unreadable(Map.of());

  /** Where the key cannot be read either. */
  static final String UNREADABLE_KEYLESS =
      unreadable(Map.of(UnreadableColumn.SOURCE, "0", UnreadableColumn.GATE_KEY, "null"));

  /** As {@link #PARKED}, by ids. */
  static final String PARKED_IDS =
      Expressions.sql(
          """
      select %s
      %s
      limit ?""",
          FIRST_PARKED, IN_PARKED);

  static final String GATES =
      Expressions.sql(
          """
      select m.id, m.source, %s
      from %s m""",
          GATE_KEY, these("parked"));
}
