-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.captured_columns: the present names of columns that were named when a table was captured.
--
-- A capture remembers names and column numbers. In the table that was captured (or a partition of it) the numbers hold, so
-- a renamed column is followed and a dropped one is left out. In a table restored from a dump the numbers mean nothing and
-- the names hold, where outbox_internal.columns_certain says so. Elsewhere nothing but the key is stored, as far as that is certain: a secret
-- must stay left out, and no write may fail for it. The doctor finds it.
-- Who leaves columns out adds the names of that time: a secret must stay left out when its column is replaced by another.
--
-- parameters: relation  the table whose trigger fires
--             captured  the table that was captured, at that time
--             names     the columns' names, at that time
--             numbers   their numbers (pg_attribute.attnum), in the same order, 0 for a name that no column bore; one more 0 if
--                       these columns are left out
-- returns:    the names by which they go now, in the same order
-- reads:      pg_class, pg_attribute, pg_trigger
create or replace function outbox_internal.captured_columns(relation oid, captured oid, names text[], numbers smallint[])
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  present text[];
  settings outbox_internal.capture_settings;
  key_names text[];
begin
  if relation = captured or captured in (select a.relid from pg_partition_ancestors(relation) a) or outbox_internal.detaching_from(relation, captured) then
    select array_agg(a.attname::text order by n.position)
    into present
    from unnest(numbers) with ordinality as n(number, position)
    join pg_attribute a on a.attrelid = captured and a.attnum = n.number
    where not a.attisdropped;
    return coalesce(present, '{}');
  end if;

  if exists (
    select
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'outbox'
    cross join lateral (
      select outbox_internal.settings_of(outbox_internal.trigger_arguments(t.tgargs)) as settings offset 0) a
    where t.tgrelid = relation and (a.settings).column_names = names
      and (a.settings).column_numbers = numbers
      and (a.settings).captured = captured_columns.captured
      and outbox_internal.columns_certain(
        outbox_internal.captured_table(t.oid), (a.settings).all_columns, names, numbers)
  ) then
    return names;
  end if;
  -- Of two captures that differ in their keys alone: what belongs to both.
  for settings in
    select distinct (a.settings).*
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'outbox'
    cross join lateral (
      select outbox_internal.settings_of(outbox_internal.trigger_arguments(t.tgargs)) as settings offset 0) a
    where t.tgrelid = relation and (a.settings).column_names = names
      and (a.settings).column_numbers = numbers
      and (a.settings).captured = captured_columns.captured
  loop
    present := outbox_internal.captured_key(
      relation, captured, settings.key_names, settings.key_numbers, settings.all_columns);
    key_names := case when key_names is null then present
      else array(select k.name from unnest(key_names) with ordinality as k(name, position) where k.name = any (present) order by k.position) end;
  end loop;
  if cardinality(numbers) = cardinality(names) then
    return coalesce(key_names, '{}');
  end if;
  return array(
    select a.attname::text from pg_attribute a
    where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and a.attname = any (key_names) is not true);
end
$$;

comment on function outbox_internal.captured_columns(oid, oid, text[], smallint[]) is 'The present names of the columns a capture was told.';
revoke execute on function outbox_internal.captured_columns(oid, oid, text[], smallint[]) from public;
