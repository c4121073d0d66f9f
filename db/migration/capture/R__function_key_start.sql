-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.key_start: how a row begins whose key can be taken by name, without a look at the catalog.
--
-- Where the key is the table's first column, rows begin with its name, unless a column has been
-- renamed. Where it is another column, only a name that is gone or null is looked into.
--
-- It has no setting of its own, so that PostgreSQL takes it into the expression that calls it.
--
-- parameters: names, numbers  the key's columns, see outbox_internal.capture_settings
-- returns:    the beginning of a row; null where the key has several columns, or none
-- reads:      nothing
create or replace function outbox_internal.key_start(names text[], numbers smallint[]) returns text
language sql immutable parallel safe
as $$
  select case when pg_catalog.cardinality(names) operator(pg_catalog.=) 1
    then case when numbers operator(pg_catalog.=) '{1}'::smallint[]
      then '{"' operator(pg_catalog.||) names[1] operator(pg_catalog.||) '":' else '{' end
  end
$$;

comment on function outbox_internal.key_start(text[], smallint[]) is
  'How a row begins whose key can be taken by name.';
revoke execute on function outbox_internal.key_start(text[], smallint[]) from public;
