-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.blocks_owed: what is owed and set aside in some blocks of a queue table, by destination.
--
-- Large values are not read: pg_column_size takes their sizes from the row. A message costs 80 bytes
-- beside its values.
--
-- parameters: queue       pending or parked
--             first, last the blocks, both included
-- returns:    number of the destination; what is owed, how many of these are held; what was set aside
-- reads:      outbox.pending, outbox.parked
create or replace function outbox_internal.blocks_owed(queue text, first bigint, last bigint)
returns table (
  number integer, messages bigint, bytes bigint, held bigint, failed bigint, failed_bytes bigint)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  lower constant tid := format('(%s,0)', blocks_owed.first)::tid;
  upper constant tid := format('(%s,0)', blocks_owed.last + 1)::tid;
begin
  if blocks_owed.queue = 'pending' then
    return query
    select m.destination, count(*), sum(80 + coalesce(pg_column_size(m.key), 0)
      + coalesce(pg_column_size(m.new_row), 0) + coalesce(pg_column_size(m.old_row), 0)
      + coalesce(pg_column_size(m.headers), 0))::bigint, 0::bigint, 0::bigint, 0::bigint
    from outbox.pending m
    where m.ctid >= lower and m.ctid < upper
    group by m.destination;
  else
    return query
    select r.destination, count(*) filter (where r.state <> 'failed'),
           coalesce(sum(r.bytes) filter (where r.state <> 'failed'), 0)::bigint,
           count(*) filter (where r.state = 'held'), count(*) filter (where r.state = 'failed'),
           coalesce(sum(r.bytes) filter (where r.state = 'failed'), 0)::bigint
    from (
      select m.destination, m.state, 80 + coalesce(pg_column_size(m.key), 0)
             + coalesce(pg_column_size(m.new_row), 0) + coalesce(pg_column_size(m.old_row), 0)
             + coalesce(pg_column_size(m.headers), 0) as bytes
      from outbox.parked m
      where m.ctid >= lower and m.ctid < upper and m.state <> 'delivered'
    ) r
    group by r.destination;
  end if;
end
$$;

comment on function outbox_internal.blocks_owed(text, bigint, bigint) is
  'What is owed and set aside in some blocks of a queue table, by destination.';
revoke execute on function outbox_internal.blocks_owed(text, bigint, bigint) from public;
