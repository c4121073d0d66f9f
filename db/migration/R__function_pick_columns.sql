-- outbox.pick_columns: a row's JSON with some of its columns only.
--
-- Works on the text of the values, so every digit stays. Escapes that json_each cannot read are marked before and put back after.
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
  select case when d.mark is null then d.picked else replace(d.picked, d.mark, E'\\u') end::json
  from (
    select r.mark,
           '{' || coalesce((
             select string_agg(to_json(member.key)::text || ':' || member.value::text, ',' order by member.position)
             from json_each(case when r.mark is null then row_value else outbox.defused(row_value, r.mark) end)
               with ordinality as member(key, value, position)
             where (member.key = any (names)) = keep), '') || '}' as picked
    from (select case when strpos(row_value::text, E'\\u') > 0 then '~' || to_hex(hashtextextended(row_value::text, 0)) || '~' end as mark) r
  ) d
$$;

comment on function outbox.pick_columns(json, text[], boolean) is 'A row''s JSON with some of its columns only.';
revoke execute on function outbox.pick_columns(json, text[], boolean) from public;
