-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.absent_columns: names that except_columns may hold although the table has no such column.
--
-- A name that a capture leaves out stays left out when its column is dropped or renamed, so that a column which gets the name
-- later is not stored. Such a name is known from the capture that is there, of the table or of one that it inherits from; any
-- other is a mistake. So is one whose column has got another name that is not left out: that would be stored from then on.
--
-- parameters: source       the table
--             destination  the capture's destination
--             names        except_columns
-- returns:    those of the names that no column bears and that may be there all the same
-- reads:      outbox_internal.capture_detail, pg_inherits, pg_attribute
create or replace function outbox_internal.absent_columns(source regclass, destination text, names text[]) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive family (relid) as (
      select absent_columns.source::oid
      union
      select i.inhparent from family f join pg_inherits i on i.inhrelid = f.relid
    )
    select coalesce(array_agg(distinct c.name), '{}')
    from family f
    join outbox_internal.capture_detail t on t.source = f.relid and t.destination = absent_columns.destination
    cross join lateral unnest(t.column_names, t.column_numbers) as c(name, number)
    where t.column_mode = 'except' and not t.inherited and c.name = any (names)
      and not exists (
        select from pg_attribute a where a.attrelid = absent_columns.source and a.attname = c.name and a.attnum > 0 and not a.attisdropped)
      and (c.number = 0 or t.captured_oid = t.source and not exists (
        select from pg_attribute a where a.attrelid = t.source and a.attnum = c.number and not a.attisdropped and a.attname <> all (names))));
end
$$;

comment on function outbox_internal.absent_columns(regclass, text, text[]) is 'Names that except_columns may hold although the table has no such column.';
revoke execute on function outbox_internal.absent_columns(regclass, text, text[]) from public;
