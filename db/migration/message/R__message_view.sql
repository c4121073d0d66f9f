-- outbox.message: what is owed, set aside or kept: what people read and write.
--
-- The tables outbox.pending and outbox.parked in one. Each message is seen once, whatever moves it
-- from one to the other meanwhile: both are read in one snapshot. UPDATE of a state, DELETE and
-- INSERT are done by the triggers of this view; a row that has another state by then is left alone.
-- xid is the transaction of the change, as it goes over the wire; a requeued message keeps it.
create or replace view outbox.message as
select
  p.id,
  coalesce(p.tx, p.xid) as xid,
  p.created_at,
  0 as attempts,
  n.name as destination,
  case p.op when 'i' then 'insert' when 'u' then 'update' when 'd' then 'delete' when 't' then 'truncate'
    when 'r' then 'read' else 'message' end collate "C" as op,
  'pending'::text collate "C" as state,
  coalesce(p.schema_name, s.schema_name) as source_schema,
  coalesce(p.table_name, s.table_name) as source_table,
  p.key,
  p.type,
  p.new_row,
  p.old_row,
  p.headers,
  null::timestamptz as due_at,
  null::timestamptz as delivered_at,
  null::text as last_error
from outbox.pending p
join outbox.destination_number n on n.number = p.destination
left join outbox.source s on s.number = p.source
union all
select
  p.id,
  coalesce(p.tx, p.xid),
  p.created_at,
  p.attempts,
  n.name,
  case p.op when 'i' then 'insert' when 'u' then 'update' when 'd' then 'delete' when 't' then 'truncate'
    when 'r' then 'read' else 'message' end collate "C",
  p.state,
  coalesce(p.schema_name, s.schema_name),
  coalesce(p.table_name, s.table_name),
  p.key,
  p.type,
  p.new_row,
  p.old_row,
  p.headers,
  p.due_at,
  p.delivered_at,
  p.last_error
from outbox.parked p
join outbox.destination_number n on n.number = p.destination
left join outbox.source s on s.number = p.source;

comment on view outbox.message is
  'What is owed: a relay removes a row only after the receiver''s acknowledgement.';
comment on column outbox.message.op is
  'insert, update, delete, truncate, read (backfill) or message (outbox.publish).';
comment on column outbox.message.state is
  'pending (owed), retry (refused, due_at says when next), held (behind one of its key), failed (set aside), delivered (kept).';
comment on column outbox.message.xid is 'The transaction of the change.';
