-- outbox.trigger_key: outbox.row_key for a trigger function, which has what it needs in its arguments.
--
-- It is named in statements that run for every write, and called only where the key is not simply one column's text: taking
-- the array apart in here spares those statements three conversions each.
--
-- parameters: row_value  what row_to_json made of the row
--             relation   the table whose trigger fires
--             arguments  tg_argv, as outbox.capture wrote it
-- returns:    as outbox.row_key
-- reads:      pg_attribute
create or replace function outbox.trigger_key(row_value json, relation oid, arguments text[]) returns text
language plpgsql stable
as $$
begin
  return outbox.row_key(row_value, relation, arguments[10]::oid, arguments[3]::text[], arguments[4]::smallint[]);
end
$$;

comment on function outbox.trigger_key(json, oid, text[]) is 'The key of a captured row, for the trigger functions.';
revoke execute on function outbox.trigger_key(json, oid, text[]) from public;
