-- SPDX-License-Identifier: Apache-2.0
-- outbox.capture_list: what is captured, a row a table and destination.
--
-- The key and chosen columns by the names of the time when the table was captured (outbox.capture_call has the present ones); the
-- condition as PostgreSQL writes it out now, and as it was given only where the table is locked or the trigger gone.
create or replace view outbox.capture_list as
select
  t.source,
  t.destination,
  array_agg(t.operation order by t.operation) as operations,
  min(t.level) filter (where t.operation <> 'truncate') as level,
  min(t.fires) as fires,
  t.key,
  case when t.column_mode = 'only' then t.column_names end as columns,
  case when t.column_mode = 'except' then t.column_names end as except_columns,
  case when t.condition is not null then coalesce(outbox_internal.present_condition(t.source, t.destination), t.condition) end as condition,
  t.include_old,
  t.skip_unchanged,
  t.doorbell is not null as notify
from outbox_internal.capture_detail t
where not t.inherited
group by t.source, t.destination, t.key, t.column_mode, t.column_names, t.condition, t.include_old, t.skip_unchanged, t.doorbell is not null;

comment on view outbox.capture_list is 'What is captured: a row a table and destination.';
comment on column outbox.capture_list.source is 'The captured table.';
comment on column outbox.capture_list.destination is 'outbox.destination.name.';
comment on column outbox.capture_list.operations is
  'Those that are heard: insert, update, delete, truncate.';
comment on column outbox.capture_list.level is 'statement or row: how its triggers fire.';
comment on column outbox.capture_list.fires is 'origin, always, replica or disabled.';
comment on column outbox.capture_list.key is
  'The columns whose values order the messages, by their names at the capture.';
comment on column outbox.capture_list.columns is 'The only columns that are sent, null for all.';
comment on column outbox.capture_list.except_columns is 'The columns that are not sent.';
comment on column outbox.capture_list.condition is 'Which changes are heard, null for all.';
comment on column outbox.capture_list.include_old is 'Whether the old row is stored.';
comment on column outbox.capture_list.skip_unchanged is
  'Whether an update that changes nothing that is sent goes unheard.';
comment on column outbox.capture_list.notify is 'Whether it rings the doorbell.';
