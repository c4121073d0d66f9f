-- outbox_internal.owed: what is owed to each destination, for a bounded number of reads.
--
-- Up to 10,000 messages of a destination are counted. What is more is estimated, from 1,000 blocks
-- of the table, taken at random. Bytes are those of the stored rows, by the 1,000 first ones.
--
-- returns: a row a destination; oldest: when the first one that may be sent was written, or fell due
-- reads:   outbox.destination, outbox.pending, outbox.parked
create or replace function outbox_internal.owed()
returns table (
  destination text, paused boolean, messages bigint, bytes bigint, oldest timestamptz,
  held bigint, failed bigint, estimated boolean)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  most constant integer := 10000;
  measured constant integer := 1000;
  blocks constant integer := 1000;
  block_size constant bigint := current_setting('block_size')::bigint;
  target record;
  waiting record;
  sample record;
  parked record;
  later record;
  share double precision;
begin
  for target in select d.name, d.number, d.paused from outbox.destination d order by d.name loop
    select count(*) as messages into waiting
    from (
      select from outbox.pending p where p.destination = target.number order by p.id limit most
    ) p;
    select avg(r.bytes) as bytes, min(r.created_at) as oldest into sample
    from (
      select p.created_at, 80 + coalesce(pg_column_size(p.new_row), 0)
             + coalesce(pg_column_size(p.old_row), 0) + coalesce(pg_column_size(p.headers), 0)
             + coalesce(pg_column_size(p.key), 0) as bytes
      from outbox.pending p where p.destination = target.number order by p.id limit measured
    ) r;
    select count(*) filter (where r.state <> 'failed') as messages,
           count(*) filter (where r.state = 'held') as held,
           count(*) filter (where r.state = 'failed') as failed,
           sum(r.bytes) filter (where r.state <> 'failed') as bytes,
           min(r.created_at) filter (where r.state <> 'failed') as oldest,
           count(*) = most as cut into parked
    from (
      select m.state, m.created_at, 120 + coalesce(pg_column_size(m.new_row), 0)
             + coalesce(pg_column_size(m.old_row), 0) + coalesce(pg_column_size(m.headers), 0)
             + coalesce(pg_column_size(m.key), 0) as bytes
      from outbox.parked m
      where (m.destination + 0) = target.number and m.state in ('retry', 'held', 'failed')
      limit most
    ) r;
    select count(*) as messages, sum(r.bytes) as bytes,
           min(r.due_at) filter (where r.due_at <= clock_timestamp()) as oldest into later
    from (
      select m.due_at, 120 + coalesce(pg_column_size(m.new_row), 0)
             + coalesce(pg_column_size(m.old_row), 0) + coalesce(pg_column_size(m.headers), 0)
             + coalesce(pg_column_size(m.key), 0) as bytes
      from outbox.parked m
      where (m.destination + 0) = target.number and m.due_at is not null
        and m.state in ('pending', 'retry') and m.state = 'pending'
      order by m.due_at limit most
    ) r;

    destination := target.name;
    paused := target.paused;
    messages := waiting.messages;
    held := parked.held;
    failed := parked.failed;
    estimated := waiting.messages = most or parked.cut or later.messages = most;
    if waiting.messages = most then
      share := least(100, 100.0 * blocks * block_size / greatest(1, pg_relation_size('outbox.pending')));
      select greatest(most, round(count(*) * 100 / share)) into messages
      from outbox.pending p tablesample system (share)
      where p.destination = target.number;
    end if;
    bytes := round(messages * coalesce(sample.bytes, 0)) + coalesce(parked.bytes, 0)
      + coalesce(later.bytes, 0);
    messages := messages + parked.messages + later.messages;
    if parked.cut then
      share := least(100, 100.0 * blocks * block_size / greatest(1, pg_relation_size('outbox.parked')));
      select greatest(parked.held, round(count(*) filter (where m.state = 'held') * 100 / share)),
             greatest(parked.failed, round(count(*) filter (where m.state = 'failed') * 100 / share)),
             messages - parked.messages + greatest(parked.messages,
               round(count(*) filter (where m.state in ('retry', 'held')) * 100 / share))
      into held, failed, messages
      from outbox.parked m tablesample system (share)
      where m.destination = target.number;
    end if;
    oldest := least(sample.oldest, parked.oldest, later.oldest);
    return next;
  end loop;
end
$$;

comment on function outbox_internal.owed() is
  'What is owed to each destination, counted up to 10,000 and estimated beyond.';
revoke execute on function outbox_internal.owed() from public;
