-- outbox.capture_detail: every trigger by which a table is captured, its arguments taken apart.
-- Once each: offset 0 keeps PostgreSQL from doing so for every column that is made of them.
-- Who may execute outbox.capture_row can make a trigger with it and any arguments; what outbox.capture cannot have written is
-- passed over, so that everybody else's captures can still be looked at.
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
cross join lateral (
  select g.arguments
  from (select outbox.trigger_arguments(t.tgargs) as arguments offset 0) g
  cross join (values (
    '^\{(("([^"\\]|\\.)*"|[^ \t\n\r\v\f"{},\\]+)(,("([^"\\]|\\.)*"|[^ \t\n\r\v\f"{},\\]+))*)?\}$',
    '^\{([0-9]{1,4}(,[0-9]{1,4})*)?\}$')) as pattern(names, numbers)
  where cardinality(g.arguments) >= 14
    and g.arguments[6] in ('all', 'only', 'except') and g.arguments[14] in ('origin', 'always', 'replica')
    and g.arguments[2] ~ '^[0-9]{0,9}$'
    and g.arguments[4] ~ pattern.names and g.arguments[7] ~ pattern.names and g.arguments[13] ~ pattern.names
    and (g.arguments[15] ~ pattern.names) is not false
    and g.arguments[5] ~ pattern.numbers and g.arguments[8] ~ pattern.numbers
    and g.arguments[11] ~ '^[0-9]{1,10}$' and lpad(g.arguments[11], 10, '0') collate "C" <= '4294967295'
  offset 0
) a
where p.proname in ('capture_insert', 'capture_update', 'capture_delete', 'capture_row', 'capture_truncate');

comment on view outbox.capture_detail is 'Every trigger by which a table is captured; outbox.capture_list is the summary.';
