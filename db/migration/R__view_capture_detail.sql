-- outbox.capture_detail: every trigger by which a table is captured, its arguments taken apart.
create or replace view outbox.capture_detail as
select
  t.oid as trigger_oid,
  t.tgrelid::regclass as source,
  t.tgname::text as trigger_name,
  a.arguments[1] as destination,
  case when t.tgtype & 4 <> 0 then 'insert' when t.tgtype & 8 <> 0 then 'delete'
       when t.tgtype & 16 <> 0 then 'update' else 'truncate' end as operation,
  case when t.tgtype & 1 <> 0 then 'row' else 'statement' end as level,
  case t.tgenabled when 'O' then 'origin' when 'A' then 'always' when 'R' then 'replica' else 'disabled' end as fires,
  t.tgparentid <> 0 as inherited,
  nullif(a.arguments[2], '')::integer as doorbell,
  a.arguments[4]::text[] as key,
  a.arguments[5]::smallint[] as key_numbers,
  a.arguments[6] as column_mode,
  a.arguments[7]::text[] as column_names,
  a.arguments[8]::smallint[] as column_numbers,
  a.arguments[9] = 't' as include_old,
  a.arguments[10] = 't' as skip_unchanged,
  a.arguments[11]::oid as captured_oid,
  nullif(a.arguments[12], '') as condition,
  a.arguments[13]::text[] as wanted,
  a.arguments[14] as fires_wanted,
  a.arguments[15]::text[] as all_columns
from pg_catalog.pg_trigger t
join pg_catalog.pg_proc p on p.oid = t.tgfoid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace and n.nspname = 'outbox'
cross join lateral (select outbox.trigger_arguments(t.tgargs) as arguments) a
where p.proname in ('capture_insert', 'capture_update', 'capture_delete', 'capture_row', 'capture_truncate')
  and cardinality(a.arguments) >= 14;

comment on view outbox.capture_detail is 'Every trigger by which a table is captured; outbox.capture_list is the summary.';
