-- outbox.capture_call: the statement that captures a table again as it is captured now.
--
-- Columns that were renamed since go by their present names, and dropped ones are left out.
--
-- parameters: source, destination  a capture
-- returns:    a statement, null when there is no such capture
-- reads:      outbox.capture_detail
create or replace function outbox.capture_call(source regclass, destination text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  t record;
  key_names text[];
  column_names text[];
begin
  select * into t
  from outbox.capture_detail d
  where d.source = capture_call.source and d.destination = capture_call.destination and not d.inherited
  order by d.operation = 'truncate'
  limit 1;
  if not found then
    return null;
  end if;
  key_names := t.key;
  column_names := t.column_names;
  if t.captured_oid = t.source then
    key_names := outbox.captured_columns(t.source, t.source, t.key, t.key_numbers);
    column_names := outbox.captured_columns(t.source, t.source, t.column_names, t.column_numbers);
  end if;
  return concat_ws(', ',
    format('select outbox.capture(%L, %L', t.source::text, t.destination),
    case when cardinality(key_names) = cardinality(t.key) then format('key => %L', key_names::text) end,
    format('operations => %L', t.wanted::text),
    case t.column_mode when 'only' then format('columns => %L', column_names::text) when 'except' then format('except_columns => %L', column_names::text) end,
    case when t.condition is not null then format('condition => %L', t.condition) end,
    case when not t.include_old then 'include_old => false' end,
    case when t.skip_unchanged then 'skip_unchanged => true' end,
    case when t.fires_wanted <> 'origin' then format('fires => %L', t.fires_wanted) end,
    case when t.doorbell is null then 'notify => false' end) || ');';
end
$$;

comment on function outbox.capture_call(regclass, text) is 'The statement that captures a table again as it is captured now.';
revoke execute on function outbox.capture_call(regclass, text) from public;
