-- SPDX-License-Identifier: Apache-2.0
-- outbox.capture_call: the statement that captures a table again as it is captured now.
--
-- Columns that were renamed since go by their present names, and dropped ones are not named, unless another has the name now.
-- In a table restored from a dump nothing tells how a column goes that is missing or may have been renamed: the result says so.
-- What was to be left out stays out under both names, and a dropped column's name does, so that whatever gets it later is not stored. Where no chosen column is left, a person has to choose. So do those of the condition: the
-- triggers have it with present names. Only the one for updates has it on both rows; where that one is gone and a column was
-- renamed, the result says what a person has to do first.
--
-- parameters: source, destination  a capture
-- returns:    a statement, null when there is no such capture
-- reads:      outbox_internal.capture_detail, pg_trigger, pg_depend, pg_attribute
create or replace function outbox.capture_call(source regclass, destination text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
declare
  t record;
  key_names text[];
  column_names text[];
  present_condition text;
  lost boolean := false;
  missing text;
  undecided boolean := false;
begin
  select * into t
  from outbox_internal.capture_detail d
  where d.source = capture_call.source and d.destination = capture_call.destination and not d.inherited
  order by d.operation = 'truncate'
  limit 1;
  if not found then
    return null;
  end if;
  key_names := t.key;
  column_names := t.column_names;
  if t.captured_oid = t.source then
    select coalesce(array_agg(coalesce(a.attname, b.attname)::text order by n.position) filter (where n.of_key), '{}'),
           coalesce(array_agg(coalesce(a.attname, b.attname)::text order by n.position) filter (where not n.of_key), '{}')
    into key_names, column_names
    from (
      select true as of_key, k.name, k.number, k.position, t.key_numbers as numbers
      from unnest(t.key, t.key_numbers) with ordinality as k(name, number, position)
      union all
      select false, c.name, c.number, c.position, t.column_numbers
      from unnest(t.column_names, t.column_numbers) with ordinality as c(name, number, position)
    ) n
    -- What is left out is no key, whatever its name is now, nor is what has got its name.
    left join pg_attribute a on a.attrelid = t.source and a.attnum = n.number and not a.attisdropped
      and not (n.of_key and t.column_mode = 'except' and (a.attnum = any (t.column_numbers) or a.attname = any (t.column_names)))
    left join pg_attribute b on b.attrelid = t.source and b.attname = n.name and b.attnum <> all (n.numbers) and not b.attisdropped
      and not (n.of_key and t.column_mode = 'except' and (b.attnum = any (t.column_numbers) or b.attname = any (t.column_names)))
      -- Nor is what was not chosen.
      and not (n.of_key and t.column_mode = 'only' and b.attnum <> all (t.column_numbers))
    where a.attname is not null or b.attname is not null;
    if t.column_mode = 'except' then
      column_names := column_names || array(
        select c.name from unnest(t.column_names) with ordinality as c(name, position) where c.name <> all (column_names) order by c.position);
    end if;
  end if;
  -- The numbers of a table restored from a dump are another's, so a missing column's present name is not known.
  if t.captured_oid <> t.source then
    select string_agg(distinct quote_ident(n.name), ', ') into missing
    from unnest(t.key || t.column_names, t.key_numbers || t.column_numbers) as n(name, number)
    where n.number <> 0 and not exists (select from pg_attribute a where a.attrelid = t.source and a.attname = n.name and not a.attisdropped);
  end if;
  undecided := t.column_mode = 'only' and column_names = '{}'
    or t.captured_oid <> t.source and missing is null and t.column_mode <> 'all'
      and not outbox_internal.columns_certain(t.source, t.all_columns, t.column_names, t.column_numbers);
  present_condition := t.condition;
  if t.condition is not null then
    present_condition := outbox_internal.present_condition(t.source, t.destination);
    if present_condition is null then
      present_condition := t.condition;
      -- A column that is dropped takes the triggers of its condition with it.
      lost := t.captured_oid = t.source and exists (select from pg_attribute a where a.attrelid = t.source and a.attisdropped) or exists (
        select
        from outbox_internal.capture_detail d
        join pg_depend n on n.classid = 'pg_trigger'::regclass and n.objid = d.trigger_oid
          and n.refclassid = 'pg_class'::regclass and n.refobjid = d.source and n.refobjsubid > 0
        join pg_attribute a on a.attrelid = n.refobjid and a.attnum = n.refobjsubid
        where d.source = t.source and d.destination = t.destination and strpos(t.condition, a.attname) = 0);
    end if;
  end if;
  return case
      when not undecided then ''
      when column_names = '{}' then format('Choose the columns to send, %s is gone, then: ', t.column_names)
      else format('Columns were renamed: name those %s that were %s, then: ', case t.column_mode when 'only' then 'to send' else 'to leave out' end, t.column_names) end
    || coalesce('Write the present name of the column in place of ' || missing || ', then: ', '')
    || case when lost then format('Write the condition %L with the present names of its columns, then: ', t.condition) else '' end || concat_ws(', ',
    format('select outbox.capture(%L, %L', t.source::text, t.destination),
    case
      when cardinality(key_names) = cardinality(t.key) then format('key => %L', key_names::text)
      -- Else the primary key, unless that is left out.
      when t.column_mode = 'except' and exists (
        select
        from pg_index i
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey::smallint[])
        where i.indrelid = t.source and i.indisprimary and a.attname = any (column_names)) then 'key => ''{}''' end,
    format('operations => %L', t.wanted::text),
    case when t.column_mode <> 'all' then format('%s => %L', case t.column_mode when 'only' then 'columns' else 'except_columns' end,
      case when undecided then '...' else column_names::text end) end,
    case when lost then 'condition => ''...''' when present_condition is not null then format('condition => %L', present_condition) end,
    case when not t.include_old then 'include_old => false' end,
    case when t.skip_unchanged then 'skip_unchanged => true' end,
    case when t.fires_wanted <> 'origin' then format('fires => %L', t.fires_wanted) end,
    case when t.doorbell is null then 'notify => false' end) || ');';
end
$$;

comment on function outbox.capture_call(regclass, text) is
  'The statement that captures a table again as it is captured now, with the columns'' present names.
source, destination: a capture. Returns null when there is none; where a person has to decide
something first, the result begins with what.';
revoke execute on function outbox.capture_call(regclass, text) from public;
