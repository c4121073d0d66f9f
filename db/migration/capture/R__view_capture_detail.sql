-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.capture_detail: every trigger by which a table is captured, its arguments by name.
-- Taken apart once each: offset 0 keeps PostgreSQL from doing so for every column that is made of
-- them. What outbox.capture cannot have written is passed over, see outbox_internal.settings_of.
create or replace view outbox_internal.capture_detail as
select
  t.oid as trigger_oid,
  t.tgrelid::regclass as source,
  t.tgname::text as trigger_name,
  a.arguments[5] as destination,
  case when t.tgtype & 4 <> 0 then 'insert' when t.tgtype & 8 <> 0 then 'delete'
       when t.tgtype & 16 <> 0 then 'update' else 'truncate' end as operation,
  case when t.tgtype & 1 <> 0 then 'row' else 'statement' end as level,
  case t.tgenabled when 'O' then 'origin' when 'A' then 'always' when 'R' then 'replica'
       else 'disabled' end as fires,
  t.tgparentid <> 0 as inherited,
  nullif(a.arguments[4], '')::integer as doorbell,
  (a.settings).key_names as key,
  (a.settings).key_numbers,
  (a.settings).key_forms,
  (a.settings).column_mode,
  (a.settings).column_names,
  (a.settings).column_numbers,
  (a.settings).include_old,
  (a.settings).skip_unchanged,
  (a.settings).captured as captured_oid,
  (a.settings).condition,
  (a.settings).operations as wanted,
  (a.settings).fires as fires_wanted,
  (a.settings).all_columns,
  a.arguments[1] <> '' as plain,
  a.arguments[2]::bigint as destination_number,
  a.arguments[3]::bigint as source_number,
  a.arguments[6] as source_schema,
  a.arguments[7] as source_table
from pg_catalog.pg_trigger t
join pg_catalog.pg_proc p on p.oid = t.tgfoid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace and n.nspname = 'outbox'
cross join lateral (
  select g.arguments, outbox_internal.settings_of(g.arguments) as settings
  from (select outbox_internal.trigger_arguments(t.tgargs) as arguments offset 0) g
  offset 0
) a
where p.proname in (
    'capture_insert', 'capture_update', 'capture_delete', 'capture_row', 'capture_truncate')
  and (a.settings).captured is not null;

comment on view outbox_internal.capture_detail is 'Every trigger by which a table is captured; outbox.capture_list is the summary.';
