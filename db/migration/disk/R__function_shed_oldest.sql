-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.shed_oldest: gives up the oldest messages of a destination; the work of outbox.shed.
--
-- Steps of one caller that follow each other within a minute have one row of the record.
--
-- parameters: destination, up_to, reason  as of outbox.shed
--             shed_by                     for the record
-- returns:    messages and bytes
-- writes:     outbox.pending, outbox.parked, outbox.shed_record; tells the relay
create or replace function outbox_internal.shed_oldest(
  destination text,
  up_to integer,
  shed_by text,
  reason text,
  out messages bigint,
  out bytes bigint
)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  number constant integer := (
    select n.number from outbox.destination_number n where n.name = shed_oldest.destination);
  latest bigint;
  gone record;
begin
  with waiting as materialized (
    select m.id from outbox.pending m
    where m.destination = number and m.op <> 't'
    order by m.id
    limit shed_oldest.up_to
    for update skip locked
  ), parked as materialized (
    select m.id from outbox.parked m
    where m.destination = number and m.op <> 't' and m.state <> 'delivered'
    order by m.id
    limit shed_oldest.up_to
    for update skip locked
  ), oldest as materialized (
    select o.id
    from (select w.id from waiting w union all select p.id from parked p) o
    order by o.id
    limit shed_oldest.up_to
  ), shed_waiting as (
    delete from outbox.pending m using oldest o, waiting w
    where m.destination = number and m.id = o.id and m.id = w.id
    returning m.id, m.created_at, m.source, m.op, m.key, m.new_row, m.old_row, m.headers
  ), shed_parked as (
    delete from outbox.parked m using oldest o, parked p
    where m.destination = number and m.id = o.id and m.id = p.id and m.state <> 'delivered'
    returning m.id, m.created_at, m.source, m.op, m.key, m.new_row, m.old_row, m.headers
  ), each as (
    select s.source, s.op, count(*) as messages,
           sum(80 + coalesce(pg_column_size(s.key), 0) + coalesce(pg_column_size(s.new_row), 0)
             + coalesce(pg_column_size(s.old_row), 0) + coalesce(pg_column_size(s.headers), 0)) as bytes,
           min(s.id) as first_id, max(s.id) as last_id,
           min(s.created_at) as oldest, max(s.created_at) as newest
    from (select * from shed_waiting union all select * from shed_parked) s
    group by s.source, s.op
  )
  select coalesce(sum(e.messages), 0)::bigint as messages, coalesce(sum(e.bytes), 0)::bigint as bytes,
         min(e.first_id) as first_id, max(e.last_id) as last_id,
         min(e.oldest) as oldest, max(e.newest) as newest,
         jsonb_object_agg(
           concat_ws(' ', t.schema_name || '.' || t.table_name,
             case e.op when 'i' then 'insert' when 'u' then 'update' when 'd' then 'delete'
               when 'r' then 'read' else 'message' end), e.messages)
           filter (where e.op is not null) as contents
  into gone
  from each e
  left join outbox.source t on t.number = e.source;

  messages := gone.messages;
  bytes := gone.bytes;
  if gone.messages = 0 then
    return;
  end if;

  select r.id into latest
  from outbox.shed_record r
  where r.destination = shed_oldest.destination and r.shed_by = shed_oldest.shed_by
    and r.reason is not distinct from shed_oldest.reason
    and r.ended_at > clock_timestamp() - interval '1 minute'
  order by r.id desc
  limit 1
  for update;
  if found then
    update outbox.shed_record r
    set ended_at = clock_timestamp(), messages = r.messages + gone.messages,
        bytes = r.bytes + gone.bytes, first_id = least(r.first_id, gone.first_id),
        last_id = greatest(r.last_id, gone.last_id), oldest = least(r.oldest, gone.oldest),
        newest = greatest(r.newest, gone.newest),
        contents = r.contents || (
          select jsonb_object_agg(c.key, c.value::bigint + coalesce((r.contents ->> c.key)::bigint, 0))
          from jsonb_each_text(gone.contents) c)
    where r.id = latest;
  else
    insert into outbox.shed_record (
      destination, shed_by, reason, messages, bytes, first_id, last_id, oldest, newest, contents)
    values (shed_oldest.destination, shed_oldest.shed_by, shed_oldest.reason, gone.messages,
      gone.bytes, gone.first_id, gone.last_id, gone.oldest, gone.newest, gone.contents);
  end if;
  -- It may have some of them in memory, or keys that wait for them.
  perform pg_notify('outbox_control', shed_oldest.destination);
end
$$;

comment on function outbox_internal.shed_oldest(text, integer, text, text) is
  'Gives up the oldest messages of a destination; the work of outbox.shed.';
revoke execute on function outbox_internal.shed_oldest(text, integer, text, text) from public;
