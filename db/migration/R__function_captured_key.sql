-- outbox.captured_key: present names of the columns of a capture's key, where columns were chosen.
--
-- As outbox.captured_columns, for the key. It keeps a column that was not chosen from being stored as the key because it has
-- got the name of one of the key's: by numbers where these hold. In a table restored from a dump a name counts where every
-- column up to it was there when the table was captured, in that order: no other column can have come before it.
--
-- Called for each statement, by functions that pin the search_path: it has no setting of its own, which would double its cost.
-- Not in SQL, which PostgreSQL would plan anew in each statement of a writer.
--
-- parameters: relation  the table whose trigger fires
--             captured  the table that was captured, at that time
--             names     the key's columns, at that time
--             numbers   their numbers (pg_attribute.attnum), in the same order
-- returns:    the names by which they go now, in the same order, without those that are gone
-- reads:      pg_attribute, pg_trigger
create or replace function outbox.captured_key(relation oid, captured oid, names text[], numbers smallint[]) returns text[]
language plpgsql stable
as $$
declare
  source regclass;
  all_columns text[];
begin
  if relation = captured or captured in (select a.relid from pg_partition_ancestors(relation) a) then
    return array(
      select a.attname::text
      from unnest(numbers) with ordinality as n(number, position)
      join pg_attribute a on a.attrelid = captured and a.attnum = n.number and not a.attisdropped
      order by n.position);
  end if;

  select outbox.captured_table(t.oid), t.arguments[15]::text[]
  into source, all_columns
  from (
    select t.oid, outbox.trigger_arguments(t.tgargs) as arguments
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'outbox'
    where t.tgrelid = relation
    offset 0
  ) t
  where t.arguments[4] = names::text and t.arguments[5] = numbers::text and t.arguments[11] = captured::text
  limit 1;
  return array(
    select n.name
    from unnest(names) with ordinality as n(name, position)
    join pg_attribute k on k.attrelid = source and k.attname = n.name and k.attnum > 0 and not k.attisdropped
    where all_columns is null or not exists (
      select
      from (
        select array_position(all_columns, a.attname::text) as place,
               lag(array_position(all_columns, a.attname::text), 1, 0) over (order by a.attnum) as place_before
        from pg_attribute a
        where a.attrelid = source and a.attnum between 1 and k.attnum and not a.attisdropped
      ) b
      where b.place is null or b.place_before is null or b.place <= b.place_before)
    order by n.position);
end
$$;

comment on function outbox.captured_key(oid, oid, text[], smallint[]) is 'The present names of the columns of a capture''s key.';
revoke execute on function outbox.captured_key(oid, oid, text[], smallint[]) from public;
