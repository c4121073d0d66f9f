-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.sent_key: the key of a captured row: the only place that says how it is found.
--
-- By name where that is certain, and by outbox_internal.row_key, which costs ten times as much, where it is
-- not: the column seems to be null, renamed or replaced, an escape keeps ->> from reading it, or
-- values that are equal are written differently.
--
-- It has no setting of its own, so that PostgreSQL takes it into the statement that calls it.
--
-- parameters: row_value  what row_to_json made of the row
--             row_text   the same, as text
--             relation   the table whose trigger fires
--             key_start  outbox_internal.key_start
--             captured, names, numbers, forms  see outbox_internal.capture_settings
-- returns:    as outbox_internal.row_key
-- reads:      pg_attribute
create or replace function outbox_internal.sent_key(
  row_value json, row_text text, relation oid, key_start text, captured oid, names text[], numbers smallint[],
  forms text[]
) returns text
language sql stable
as $$
  select case when names operator(pg_catalog.<>) '{}'::text[] then coalesce(
    case when forms is null and pg_catalog.strpos(row_text, E'\\u') operator(pg_catalog.=) 0
        and pg_catalog.starts_with(row_text, key_start)
      then row_value operator(pg_catalog.->>) names[1] end,
    outbox_internal.row_key(row_value, relation, captured, names, numbers, forms)) end
$$;

comment on function outbox_internal.sent_key(json, text, oid, text, oid, text[], smallint[], text[]) is
  'The key of a captured row.';
revoke execute on function outbox_internal.sent_key(json, text, oid, text, oid, text[], smallint[], text[])
  from public;
