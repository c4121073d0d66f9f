-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.one_text: one value for all that PostgreSQL takes for equal: 1.00 becomes 1, of a citext "A"
-- becomes "a".
--
-- What a column of that type does not hold is left as it is: its type may have been changed, and no
-- write may fail for its key.
--
-- Called by functions that pin the search_path: it has no setting of its own.
--
-- parameters: value  of one column, in a row
--             form   see outbox_internal.key_form
-- returns:    the value
-- reads:      nothing
create or replace function outbox_internal.one_text(value json, form text) returns json
language plpgsql immutable
as $$
begin
  return case
    when form = 'scale' and json_typeof(value) = 'number' then
      to_json(trim_scale(value::text::numeric))
    when form = 'zero' and value::text = '-0' then '0'::json
    when form = 'case' and json_typeof(value) = 'string' then to_json(lower(value #>> '{}'))
    when form = 'blanks' and json_typeof(value) = 'string' then
      to_json(rtrim(value #>> '{}', ' '))
    else value
  end;
end
$$;

comment on function outbox_internal.one_text(json, text) is
  'One value for all that PostgreSQL takes for equal.';
revoke execute on function outbox_internal.one_text(json, text) from public;
