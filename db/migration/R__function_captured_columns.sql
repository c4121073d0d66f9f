-- outbox.captured_columns: the present names of columns that were named when a table was captured.
--
-- A capture remembers names and column numbers. In the table that was captured (or a partition of it) the numbers hold, so
-- a renamed column is followed and a dropped one is left out. In a table restored from a dump the numbers mean nothing and
-- the names hold.
-- Who leaves columns out adds the names of that time: a secret must stay left out when its column is replaced by another.
--
-- parameters: relation  the table whose trigger fires
--             captured  the table that was captured, at that time
--             names     the columns' names, at that time
--             numbers   their numbers (pg_attribute.attnum), in the same order, 0 for a name that no column bore
-- returns:    the names by which they go now, in the same order
-- reads:      pg_class, pg_attribute
create or replace function outbox.captured_columns(relation oid, captured oid, names text[], numbers smallint[])
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  present text[];
  missing text;
begin
  if relation = captured or captured in (select a.relid from pg_partition_ancestors(relation) a) then
    select array_agg(a.attname::text order by n.position)
    into present
    from unnest(numbers) with ordinality as n(number, position)
    join pg_attribute a on a.attrelid = captured and a.attnum = n.number
    where not a.attisdropped;
    return coalesce(present, '{}');
  end if;

  select n.name
  into missing
  from unnest(names, numbers) as n(name, number)
  where n.number <> 0 and not exists (select from pg_attribute a where a.attrelid = relation and a.attname = n.name and not a.attisdropped)
  limit 1;
  if missing is not null then
    -- Going on could send a column that was to be left out, under the name that it had got before the dump.
    raise exception 'the capture of table % names a column % that it has not got', relation::regclass, quote_ident(missing)
      using errcode = 'undefined_column',
            detail = 'The table was restored from a dump after that column had been renamed.',
            hint = 'Call outbox.capture again for this table; outbox.capture_list shows how it was called.';
  end if;
  return names;
end
$$;

comment on function outbox.captured_columns(oid, oid, text[], smallint[]) is 'The present names of the columns a capture was told.';
revoke execute on function outbox.captured_columns(oid, oid, text[], smallint[]) from public;
