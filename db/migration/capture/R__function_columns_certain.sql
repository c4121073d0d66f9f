-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.columns_certain: whether columns that a capture names can be told by their names in a table restored from a dump.
--
-- A dump keeps the order of the columns, omits dropped ones, and puts no new one before an old one. So columns are who they
-- seem where the names of old go in their order, and whatever bears another name comes after them. Where one goes by another
-- name, a column that is to be left out may be the one: then nothing is certain.
-- In a table that inherits a dump puts the parent's columns first, so there nothing may have changed at all.
-- It cannot tell a column that got the name of another one which had been dropped.
-- Not in SQL, which PostgreSQL would plan anew in each statement.
--
-- parameters: source       the table that was captured
--             all_columns  the names of its columns at that time, in order; null from a capture that did not write them down
--             names        the named columns, at that time
--             numbers      their numbers, 0 for a name that no column bore; one more 0 if these columns are left out
-- returns:    true or false
-- reads:      pg_attribute, pg_inherits
create or replace function outbox_internal.columns_certain(source regclass, all_columns text[], names text[], numbers smallint[]) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with present (name, number, place) as (
      select a.attname::text, a.attnum, array_position(all_columns, a.attname::text)
      from pg_attribute a
      where a.attrelid = source and a.attnum > 0 and not a.attisdropped
    )
    select not exists (
        select from unnest(columns_certain.names, columns_certain.numbers) as n(name, number)
        where n.number <> 0 and n.name not in (select p.name from present p))
      and (all_columns is null or not exists (
        select
        from (select p.place, lag(p.place, 1, 0) over (order by p.number) as place_before from present p) b
        where b.place <= b.place_before or b.place is not null and b.place_before is null))
      and (not exists (
          select from pg_inherits i join pg_class c on c.oid = i.inhparent and c.relkind <> 'p' where i.inhrelid = columns_certain.source)
        or all_columns = array(select p.name from present p order by p.number))
      -- A column that is gone may have got the name of one that is to be left out, and that one another, behind all others.
      and (cardinality(numbers) = cardinality(names)
        or not exists (select from present p where p.place is null)
        or not exists (
          select
          from unnest(columns_certain.names, columns_certain.numbers) as n(name, number)
          where n.number <> 0
            and not exists (select from present p where p.place > array_position(all_columns, n.name))
            and exists (
              select
              from unnest(all_columns) with ordinality as c(name, place)
              where c.name not in (select p.name from present p) and c.place < array_position(all_columns, n.name))))
      -- A column that is gone may have got the name of one that is to be sent, and that one another.
      and (cardinality(numbers) > cardinality(names)
        or not exists (select from present p where p.place is null)
        or not exists (
          select
          from unnest(all_columns) with ordinality as c(name, place)
          where c.name not in (select p.name from present p) and c.place < (select max(array_position(all_columns, n.name)) from unnest(names) as n(name)))));
end
$$;

comment on function outbox_internal.columns_certain(regclass, text[], text[], smallint[]) is 'Whether captured columns can be told by name in a restored table.';
revoke execute on function outbox_internal.columns_certain(regclass, text[], text[], smallint[]) from public;
