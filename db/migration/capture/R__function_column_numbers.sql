-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.column_numbers: the numbers of named columns, or an error that names the one that is wrong.
--
-- parameters: source  the table
--             names   column names
--             role    the argument they were given as, for the error
-- returns:    pg_attribute.attnum in the same order
-- reads:      pg_attribute
create or replace function outbox_internal.column_numbers(source regclass, names text[], role text) returns smallint[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  numbers smallint[];
  wrong text;
begin
  select array_agg(a.attnum order by n.position)
  into numbers
  from unnest(names) with ordinality as n(name, position)
  left join pg_attribute a on a.attrelid = source and a.attname = n.name and a.attnum > 0 and not a.attisdropped;

  if array_position(numbers, null) is not null then
    wrong := names[array_position(numbers, null)];
    raise exception '% names a column % that table % has not got', role, coalesce(quote_literal(wrong), 'null'), source
      using errcode = 'undefined_column',
            hint = 'Its columns are: ' || (
              select string_agg(a.attname, ', ' order by a.attnum)
              from pg_attribute a where a.attrelid = source and a.attnum > 0 and not a.attisdropped) || '.';
  end if;
  if (select count(distinct n.name) from unnest(names) as n(name)) <> cardinality(names) then
    raise exception '% names a column twice: %', role, names using errcode = 'duplicate_column';
  end if;
  return coalesce(numbers, '{}');
end
$$;

comment on function outbox_internal.column_numbers(regclass, text[], text) is 'The numbers of named columns of a table.';
revoke execute on function outbox_internal.column_numbers(regclass, text[], text) from public;
