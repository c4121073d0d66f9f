-- SPDX-License-Identifier: Apache-2.0
-- outbox.owed_bytes: estimates how much is owed to each destination, and how much was set aside for it.
--
-- The one place where that is told: outbox.measure, and so outbox.status and the limit, and the
-- relay's metrics go by it. What is owed is still to be delivered: it waits, or is tried again, or is
-- held. What was set aside (failed) is not owed, and stands apart.
--
-- Up to 10,000 messages of a destination are counted, and the first 1,000 are measured. Beyond that it
-- looks at 256 blocks of each queue table, the same distance apart, and never at more. The settings
-- have it walk the indexes, whatever the statistics say of a table that was empty a minute ago.
-- What they forbid has a price that would make the server compile the statement, which takes seconds.
--
-- While a session holds an old snapshot, what was delivered stays in the table. So the walk begins at
-- the destination's mark (outbox.destination_state), and what may stand before it is looked for apart:
-- the ids that the mark names, and what was written since, up to 20,000 rows.
--
-- parameters: destination  only this one, null for all
-- returns:    a row a destination; oldest: when the first one that may be sent was written, or fell due
-- reads:      outbox.destination, outbox.destination_state, outbox.pending, outbox.parked
set local check_function_bodies = off; -- outbox.system_identifier may come later
create or replace function outbox.owed_bytes(destination text default null)
returns table (
  name text, messages bigint, bytes bigint, held bigint, oldest timestamptz,
  failed bigint, failed_bytes bigint, estimated boolean)
language sql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set enable_bitmapscan = off
set enable_sort = off
as $$
  with target as materialized (
    select d.number, d.name,
           case when k.usable then s.mark_first_id else -9223372036854775808 end as first_id,
           case when k.usable then s.mark_earlier else '{}' end as earlier,
           case when k.usable then s.mark_snapshot end as mark
    from outbox.destination d
    left join outbox.destination_state s on s.destination = d.name
    cross join lateral (
      select s.mark_cluster is not distinct from outbox.system_identifier()
        and pg_snapshot_xmax(s.mark_snapshot) <= pg_snapshot_xmax(pg_current_snapshot())) k(usable)
    where owed_bytes.destination is null or d.name = owed_bytes.destination
  ), written_since as materialized (
    select w.destination, w.id, w.xid
    from (select min(pg_snapshot_xmax(t.mark)) as from_xid from target t) o
    cross join lateral (
      select m.destination, m.id, m.xid from outbox.pending m
      where m.xid >= o.from_xid order by m.xid limit 20000) w
    union
    select w.destination, w.id, w.xid
    from (select distinct pg_snapshot_xip(t.mark) as xid from target t where t.mark is not null) o
    cross join lateral (
      select m.destination, m.id, m.xid from outbox.pending m
      where m.xid = o.xid order by m.xid limit 20000) w
  ), queue as materialized (
    select q.queue,
           pg_relation_size(('outbox.' || q.queue)::regclass)
             / current_setting('block_size')::bigint as blocks
    from (values ('pending'), ('parked')) q(queue)
  ), found as materialized (
    select q.queue, b.number, b.messages, b.bytes, b.held, b.failed, b.failed_bytes,
           greatest(q.blocks / 256.0, 1) as share
    from queue q
    cross join generate_series(0, case when q.blocks > 256 then 255 else 0 end) as part
    cross join lateral outbox_internal.blocks_owed(q.queue,
      part * q.blocks / 256, case when q.blocks > 256 then part * q.blocks / 256 else q.blocks end) b
  ), sampled as materialized (
    select f.queue, f.number, sum(f.messages) as seen, sum(f.bytes) / nullif(sum(f.messages), 0) as size,
           round(sum(f.messages * f.share))::bigint as messages,
           round(sum(f.bytes * f.share))::bigint as bytes,
           round(sum(f.held * f.share))::bigint as held,
           round(sum(f.failed * f.share))::bigint as failed,
           round(sum(f.failed_bytes * f.share))::bigint as failed_bytes
    from found f
    group by f.queue, f.number
  )
  select d.name,
         waiting.messages + below.messages
           + case when parked.cut then greatest(parked.messages + later.messages, p2.messages)
             else parked.messages + later.messages end,
         -- A size is taken from the sample where that has seen enough of them.
         case when counted.messages <= first.messages then first.bytes
           else round(waiting.messages * case when p.seen >= 100 then p.size
             else first.bytes / first.messages::numeric end)::bigint end
           + below.bytes
           + case when parked.cut then greatest(parked.bytes + later.bytes, p2.bytes)
             else parked.bytes + later.bytes end,
         case when parked.cut then greatest(parked.held, p2.held) else parked.held end,
         least(first.oldest, below.oldest, parked.oldest, later.oldest),
         case when parked.cut then greatest(parked.failed, p2.failed) else parked.failed end,
         case when parked.cut then greatest(parked.failed_bytes, p2.failed_bytes)
           else parked.failed_bytes end,
         counted.messages = 10000 or parked.cut
  from target d
  left join sampled p on p.queue = 'pending' and p.number = d.number
  left join sampled p2 on p2.queue = 'parked' and p2.number = d.number
  cross join lateral (
    select count(*) as messages
    from (
      select from outbox.pending m
      where m.destination = d.number and m.id >= d.first_id order by m.id limit 10000) w
  ) counted
  cross join lateral (
    select case when counted.messages = 10000 then greatest(10000, p.messages)
      else counted.messages end as messages
  ) waiting
  cross join lateral (
    select count(*) as messages, coalesce(sum(80 + coalesce(pg_column_size(w.key), 0)
        + coalesce(pg_column_size(w.new_row), 0) + coalesce(pg_column_size(w.old_row), 0)
        + coalesce(pg_column_size(w.headers), 0)), 0)::bigint as bytes, min(w.created_at) as oldest
    from (
      select m.created_at, m.key, m.new_row, m.old_row, m.headers from outbox.pending m
      where m.destination = d.number and m.id >= d.first_id order by m.id limit 1000) w
  ) first
  cross join lateral (
    select count(*) as messages, coalesce(sum(80 + coalesce(pg_column_size(m.key), 0)
        + coalesce(pg_column_size(m.new_row), 0) + coalesce(pg_column_size(m.old_row), 0)
        + coalesce(pg_column_size(m.headers), 0)), 0)::bigint as bytes, min(m.created_at) as oldest
    from outbox.pending m
    where m.destination = d.number and m.id = any (array(
      select e.id from unnest(d.earlier) as e(id) where e.id < d.first_id
      union
      select w.id from written_since w
      where w.destination = d.number and w.id < d.first_id
        and not pg_visible_in_snapshot(w.xid, d.mark)))
  ) below
  cross join lateral (
    select count(*) as messages, coalesce(sum(80 + coalesce(pg_column_size(w.key), 0)
        + coalesce(pg_column_size(w.new_row), 0) + coalesce(pg_column_size(w.old_row), 0)
        + coalesce(pg_column_size(w.headers), 0)), 0)::bigint as bytes,
           min(w.due_at) filter (where w.due_at <= clock_timestamp()) as oldest
    from (
      select m.due_at, m.key, m.new_row, m.old_row, m.headers from outbox.parked m
      where (m.destination + 0) = d.number and m.due_at is not null
        and m.state in ('pending', 'retry') and m.state = 'pending'
      order by m.due_at limit 10000) w
  ) later
  cross join lateral (
    select count(*) filter (where w.state <> 'failed') as messages,
           coalesce(sum(w.bytes) filter (where w.state <> 'failed'), 0)::bigint as bytes,
           count(*) filter (where w.state = 'held') as held,
           min(w.created_at) filter (where w.state <> 'failed') as oldest,
           count(*) filter (where w.state = 'failed') as failed,
           coalesce(sum(w.bytes) filter (where w.state = 'failed'), 0)::bigint as failed_bytes,
           count(*) = 10000 or later.messages = 10000 as cut
    from (
      select m.state, m.created_at, 80 + coalesce(pg_column_size(m.key), 0)
             + coalesce(pg_column_size(m.new_row), 0) + coalesce(pg_column_size(m.old_row), 0)
             + coalesce(pg_column_size(m.headers), 0) as bytes
      from outbox.parked m
      where (m.destination + 0) = d.number and m.state in ('retry', 'held', 'failed') limit 10000) w
  ) parked
$$;

comment on function outbox.owed_bytes(text) is
  'Estimates how much is owed to each destination, in bounded time, whatever is owed.
destination: only this one, null for all. Returns name; messages and bytes that are owed, and how many
of them are held; oldest: when the first one that may be sent was written, or fell due; failed and
failed_bytes: what was set aside, which is not owed; estimated: whether it was too much to be counted.
Large values are counted, indexes are not.';
revoke execute on function outbox.owed_bytes(text) from public;
