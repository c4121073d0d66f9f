-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.pick_columns: a row's JSON with some of its columns only.
--
-- Works on the text of the values, so every digit stays. Escapes that json_each cannot read are marked before and put back after.
--
-- Called for each row, by functions that pin the search_path: it has no setting of its own, which would double its cost.
-- Not in SQL, which PostgreSQL would plan anew in each statement of a writer.
--
-- parameters: row_value  what row_to_json made
--             names      column names
--             keep       true: these only; false: all but these
-- returns:    a JSON object in the order of the columns, null for null
-- reads:      nothing
create or replace function outbox_internal.pick_columns(row_value json, names text[], keep boolean) returns json
language plpgsql immutable strict parallel safe
as $$
declare
  mark text;
  picked text;
begin
  if strpos(row_value::text, E'\\u') > 0 then
    mark := '~' || to_hex(hashtextextended(row_value::text, 0)) || '~';
    row_value := outbox_internal.defused(row_value, mark);
  end if;
  select '{' || coalesce(string_agg(to_json(member.key)::text || ':' || member.value::text, ',' order by member.position), '') || '}'
  into picked
  from json_each(row_value) with ordinality as member(key, value, position)
  where (member.key = any (names)) = keep;
  if mark is not null then
    picked := replace(picked, mark, E'\\u');
  end if;
  return picked::json;
end
$$;

comment on function outbox_internal.pick_columns(json, text[], boolean) is 'A row''s JSON with some of its columns only.';
revoke execute on function outbox_internal.pick_columns(json, text[], boolean) from public;
