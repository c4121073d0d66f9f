-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.rename_row: a trigger condition with one of the two rows in place of the other.
--
-- An insert has no old row and a delete no new one; both names then stand for the row there is. Works on a condition that
-- PostgreSQL wrote out (outbox_internal.checked_condition): literals and quoted names are left alone, and new or old is the row
-- where a dot follows and none goes before.
--
-- parameters: condition  as written out by PostgreSQL
--             from_row, to_row  'new', 'old'
-- returns:    the condition, null for null
-- reads:      nothing
create or replace function outbox_internal.rename_row(condition text, from_row text, to_row text) returns text
language sql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select string_agg(
    case when token = from_row and following = '.' and preceding is distinct from '.' then to_row else token end, '' order by position)
  from (
    select part.token[1] as token, part.position,
           lag(part.token[1]) over (order by part.position) as preceding,
           lead(part.token[1]) over (order by part.position) as following
    from regexp_matches(condition, '(''(?:[^'']|'''')*''|"(?:[^"]|"")*"|[[:alpha:]_][[:alnum:]_$]*|.)', 'gs') with ordinality as part(token, position)
  ) tokens
$$;

comment on function outbox_internal.rename_row(text, text, text) is 'A trigger condition with new in place of old, or the other way round.';
revoke execute on function outbox_internal.rename_row(text, text, text) from public;
