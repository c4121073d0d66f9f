-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.untrusted_casts: columns whose conversion to JSON would run somebody's own function.
--
-- row_to_json uses a type's cast to json where there is one, and the capture triggers run it with the rights of the owner
-- of this schema. A type within a column's type counts: element, attribute, base type. Casts whose function belongs
-- to a superuser or to that owner are trusted.
--
-- parameters: source  the table
-- returns:    a row a column
-- reads:      pg_attribute, pg_type, pg_cast, pg_proc, pg_roles
create or replace function outbox_internal.untrusted_casts(source regclass) returns table (column_name text, cast_function text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive used (column_name, type_oid) as (
    select a.attname::text, a.atttypid
    from pg_attribute a
    where a.attrelid = source and a.attnum > 0 and not a.attisdropped
    union
    select u.column_name, inner_type.oid
    from used u
    join pg_type t on t.oid = u.type_oid
    cross join lateral (
      select t.typelem as oid where t.typelem <> 0
      union all
      select t.typbasetype where t.typbasetype <> 0
      union all
      select a.atttypid from pg_attribute a where a.attrelid = t.typrelid and t.typrelid <> 0 and a.attnum > 0 and not a.attisdropped
    ) inner_type
  )
  select distinct u.column_name, c.castfunc::regprocedure::text
  from used u
  join pg_cast c on c.castsource = u.type_oid and c.casttarget = 'json'::regtype and c.castfunc <> 0
  join pg_proc p on p.oid = c.castfunc
  join pg_roles owner on owner.oid = p.proowner
  join pg_namespace n on n.nspname = 'outbox'
  where not owner.rolsuper and p.proowner <> n.nspowner
    and p.proowner <> (select f.proowner from pg_proc f where f.oid = 'outbox.capture_row()'::regprocedure)
$$;

comment on function outbox_internal.untrusted_casts(regclass) is 'Columns whose conversion to JSON would run somebody''s own function.';
revoke execute on function outbox_internal.untrusted_casts(regclass) from public;
