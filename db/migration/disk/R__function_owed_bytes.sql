-- outbox.owed_bytes: estimates how much is owed to each destination, messages and bytes.
--
-- What is little is counted: the first 500 messages of a destination, and 500 of those that were
-- refused. Of what is more it looks at 256 blocks of each queue table, the same
-- distance apart, and never more. The settings have it walk the indexes, whatever the statistics say
-- of a table that was empty a minute ago.
--
-- parameters: destination  only this one, null for all
-- returns:    a row a destination
-- reads:      outbox.pending, outbox.parked
create or replace function outbox.owed_bytes(destination text default null)
returns table (name text, messages bigint, bytes bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
  with queue as materialized (
    select q.queue,
           pg_relation_size(('outbox.' || q.queue)::regclass)
             / current_setting('block_size')::bigint as blocks
    from (values ('pending'), ('parked')) q(queue)
  ), found as materialized (
    select q.queue, b.number, b.messages, b.bytes, greatest(q.blocks / 256.0, 1) as share
    from queue q
    cross join generate_series(0, case when q.blocks > 256 then 255 else 0 end) as part
    cross join lateral outbox_internal.blocks_owed(q.queue,
      part * q.blocks / 256, case when q.blocks > 256 then part * q.blocks / 256 else q.blocks end) b
  ), sampled as (
    select f.queue, f.number, round(sum(f.messages * f.share))::bigint as messages,
           round(sum(f.bytes * f.share))::bigint as bytes
    from found f
    group by f.queue, f.number
  )
  select d.name,
         case when waiting.messages <= 500 then waiting.messages
           else greatest(waiting.messages, p.messages) end
           + case when parked.messages <= 500 and p2.messages is null then parked.messages
             else greatest(parked.messages, p2.messages) end,
         case when waiting.messages <= 500 then waiting.bytes
           else greatest(waiting.bytes, p.bytes) end
           + case when parked.messages <= 500 and p2.messages is null then parked.bytes
             else greatest(parked.bytes, p2.bytes) end
  from outbox.destination d
  left join sampled p on p.queue = 'pending' and p.number = d.number
  left join sampled p2 on p2.queue = 'parked' and p2.number = d.number
  cross join lateral (
    select count(*) as messages, coalesce(sum(80 + coalesce(pg_column_size(w.key), 0)
        + coalesce(pg_column_size(w.new_row), 0) + coalesce(pg_column_size(w.old_row), 0)
        + coalesce(pg_column_size(w.headers), 0)), 0)::bigint as bytes
    from (
      select m.key, m.new_row, m.old_row, m.headers from outbox.pending m
      where m.destination = d.number order by m.id limit 501) w
  ) waiting
  cross join lateral (
    select count(*) as messages, coalesce(sum(80 + coalesce(pg_column_size(w.key), 0)
        + coalesce(pg_column_size(w.new_row), 0) + coalesce(pg_column_size(w.old_row), 0)
        + coalesce(pg_column_size(w.headers), 0)), 0)::bigint as bytes
    from (
      select m.key, m.new_row, m.old_row, m.headers from outbox.parked m
      where (m.destination + 0) = d.number and m.state in ('retry', 'held', 'failed') limit 501) w
  ) parked
  where owed_bytes.destination is null or d.name = owed_bytes.destination
$$;

comment on function outbox.owed_bytes(text) is
  'Estimates how much is owed to each destination, in bounded time, whatever is owed.
destination: only this one, null for all. Returns name, messages and bytes; large values are counted,
indexes are not.';
revoke execute on function outbox.owed_bytes(text) from public;
