-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.captured_key: present names of the columns of a capture's key, where columns were chosen.
--
-- As outbox_internal.captured_columns, for the key. It keeps a column that was not chosen from being stored as the key because it has
-- got the name of one of the key's: by numbers where these hold. In a table restored from a dump the names count where
-- outbox_internal.columns_certain says so, and else those of the table's first columns, as far as these are what they were.
--
-- Called for each statement, by functions that pin the search_path: it has no setting of its own, which would double its cost.
-- Not in SQL, which PostgreSQL would plan anew in each statement of a writer.
--
-- parameters: relation     the table whose trigger fires
--             captured     the table that was captured, at that time
--             names        the key's columns, at that time
--             numbers      their numbers (pg_attribute.attnum), in the same order
--             all_columns  the names of the table's columns at that time, in order; null from a capture that did not write them down
-- returns:    the names by which they go now, in the same order, without those that are gone
-- reads:      pg_attribute, pg_trigger
create or replace function outbox_internal.captured_key(relation oid, captured oid, names text[], numbers smallint[], all_columns text[])
returns text[]
language plpgsql stable
as $$
declare
  source regclass;
  present text[];
begin
  if relation = captured or captured in (select a.relid from pg_partition_ancestors(relation) a) or outbox_internal.detaching_from(relation, captured) then
    return array(
      select a.attname::text
      from unnest(numbers) with ordinality as n(number, position)
      join pg_attribute a on a.attrelid = captured and a.attnum = n.number and not a.attisdropped
      order by n.position);
  end if;

  select outbox_internal.captured_table(t.oid)
  into source
  from pg_trigger t
  join pg_proc p on p.oid = t.tgfoid
  join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'outbox'
  cross join lateral (
    select outbox_internal.settings_of(outbox_internal.trigger_arguments(t.tgargs)) as settings offset 0) a
  where t.tgrelid = relation and (a.settings).captured = captured_key.captured
  limit 1;
  if outbox_internal.columns_certain(source, all_columns, names, numbers) then
    return names;
  end if;
  present := array(
    select a.attname::text from pg_attribute a where a.attrelid = source and a.attnum > 0 and not a.attisdropped order by a.attnum);
  return array(
    select n.name
    from unnest(names) with ordinality as n(name, position)
    where present[1:array_position(all_columns, n.name)] = all_columns[1:array_position(all_columns, n.name)]
    order by n.position);
end
$$;

comment on function outbox_internal.captured_key(oid, oid, text[], smallint[], text[]) is 'The present names of the columns of a capture''s key.';
revoke execute on function outbox_internal.captured_key(oid, oid, text[], smallint[], text[]) from public;
