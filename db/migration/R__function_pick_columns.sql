-- outbox.pick_columns: a row's JSON with some of its columns only.
--
-- Works on the text of the values, so every digit stays.
--
-- Called for each row, by functions that pin the search_path: it has no setting of its own, which would double its cost.
--
-- parameters: row_value  what row_to_json made
--             names      column names
--             keep       true: these only; false: all but these
-- returns:    a JSON object in the order of the columns, null for null
-- reads:      nothing
create or replace function outbox.pick_columns(row_value json, names text[], keep boolean) returns json
language sql immutable strict parallel safe
as $$
  select ('{' || coalesce(string_agg(to_json(member.key)::text || ':' || member.value::text, ',' order by member.position), '') || '}')::json
  from json_each(row_value) with ordinality as member(key, value, position)
  where (member.key = any (names)) = keep
$$;

comment on function outbox.pick_columns(json, text[], boolean) is 'A row''s JSON with some of its columns only.';
revoke execute on function outbox.pick_columns(json, text[], boolean) from public;
