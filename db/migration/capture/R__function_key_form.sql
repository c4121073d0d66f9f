-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.key_form: how values of a key's column become one text where they are equal.
--
-- An order is kept by the key's text. Where PostgreSQL takes two texts for one value, a change of
-- 1.0 to 1.00 would be that of a key, and a later message could pass an earlier one of its row.
--
-- parameters: source         the table
--             column_number  pg_attribute.attnum
-- returns:    text    as it is: equal values have one text
--             scale   a numeric of any scale: without zeros at its end
--             zero    a float: -0 is 0
--             case    a citext: in lower case
--             blanks  a bpchar of any length: without blanks at its end
--             none    equal values have texts that cannot be made one
-- reads:      pg_attribute, pg_type, pg_collation, pg_range
create or replace function outbox_internal.key_form(source regclass, column_number smallint) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive domains as (
      select a.atttypid as type, a.atttypmod as modifier, a.attcollation as collation, 0 as depth
      from pg_attribute a
      where a.attrelid = key_form.source and a.attnum = key_form.column_number
      union all
      select t.typbasetype, case when d.modifier = -1 then t.typtypmod else d.modifier end,
             d.collation, d.depth + 1
      from domains d join pg_type t on t.oid = d.type
      where t.typtype = 'd'
    ), bases as (
      select d.* from domains d order by d.depth desc limit 1
    ), inner_types as (
      -- Of an array, a range, a row type: what is in it.
      select b.type, 0 as depth from bases b
      union
      select i.type, n.depth + 1
      from inner_types n
      join pg_type t on t.oid = n.type
      left join pg_range r on n.type in (r.rngtypid, r.rngmultitypid)
      left join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
      cross join lateral (
        values (nullif(t.typelem, 0)), (nullif(t.typbasetype, 0)), (r.rngsubtype), (a.atttypid)
      ) as i(type)
      where i.type is not null and n.depth < 10
    )
    select case
        when exists (
          select from pg_collation c where c.oid = b.collation and not c.collisdeterministic)
          then 'none'
        when b.type = 'numeric'::regtype then case when b.modifier = -1 then 'scale' else 'text' end
        when b.type in ('float4'::regtype, 'float8'::regtype) then 'zero'
        when b.type = 'bpchar'::regtype then case when b.modifier = -1 then 'blanks' else 'text' end
        when (select t.typname from pg_type t where t.oid = b.type) = 'citext' then 'case'
        when exists (
          select from inner_types i join pg_type t on t.oid = i.type
          where i.type in ('interval'::regtype, 'jsonb'::regtype)
            or i.depth > 0 and (t.typname = 'citext' or i.type in (
              'numeric'::regtype, 'float4'::regtype, 'float8'::regtype, 'bpchar'::regtype)))
          then 'none'
        else 'text'
      end
    from bases b);
end
$$;

comment on function outbox_internal.key_form(regclass, smallint) is
  'How values of a key''s column become one text where they are equal.';
revoke execute on function outbox_internal.key_form(regclass, smallint) from public;
