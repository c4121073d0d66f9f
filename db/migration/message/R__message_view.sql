-- SPDX-License-Identifier: Apache-2.0
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
  null::text as last_error,
  null::timestamptz as failed_at,
  p.first_failed_at,
  coalesce(p.requeued, 0) as requeued,
  p.requeued_by,
  p.expires_at
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
  p.last_error,
  p.failed_at,
  p.first_failed_at,
  coalesce(p.requeued, 0),
  p.requeued_by,
  p.expires_at
from outbox.parked p
join outbox.destination_number n on n.number = p.destination
left join outbox.source s on s.number = p.source;

comment on view outbox.message is
  'What is owed: a relay removes a row only after the receiver''s acknowledgement.';
comment on column outbox.message.id is
  'The message''s number; what receivers know it by is outbox.wire_id(id, created_at).';
comment on column outbox.message.xid is 'The transaction of the change.';
comment on column outbox.message.created_at is 'When the change was written.';
comment on column outbox.message.attempts is
  'How often it was refused, since it was last requeued.';
comment on column outbox.message.destination is 'outbox.destination.name.';
comment on column outbox.message.op is
  'insert, update, delete, truncate, read (backfill) or message (outbox.publish).';
comment on column outbox.message.state is
  'pending (owed), retry (refused, due_at says when next), held (behind one of its key), failed (set aside), delivered (kept).';
comment on column outbox.message.source_schema is
  'The schema of the captured table at the time of the change; null for a message of outbox.publish.';
comment on column outbox.message.source_table is 'The captured table''s name at that time.';
comment on column outbox.message.key is
  'Messages of one key and table go in order; null: no order.';
comment on column outbox.message.type is 'The name that outbox.publish was given.';
comment on column outbox.message.new_row is 'The row after the change, or what was published.';
comment on column outbox.message.old_row is 'The row before the change.';
comment on column outbox.message.headers is
  'What the setting outbox.headers said, or outbox.publish was given.';
comment on column outbox.message.due_at is
  'When it is sent next, or first; null: as soon as it may.';
comment on column outbox.message.delivered_at is 'When it was acknowledged, where it is kept.';
comment on column outbox.message.last_error is 'Why it was refused last.';
comment on column outbox.message.failed_at is 'When it was set aside, while it is.';
comment on column outbox.message.first_failed_at is
  'When it was set aside for the first time; null: never.';
comment on column outbox.message.requeued is 'How often somebody has made it owed again.';
comment on column outbox.message.requeued_by is 'The login that did so last.';
comment on column outbox.message.expires_at is
  'When it is worth nothing any more: it is set aside then instead of sent; null: never.';
