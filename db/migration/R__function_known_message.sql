-- outbox.known_message: the row's id that a text means: '1042' or, as receivers say it,
-- '1042-hoe22fla2o'.
--
-- parameters: message_id  either form
-- returns:    outbox.message.id; null when no row of the table has the id, or when the second part
--             is not that of the row: the id is of another change, whose number was given out again
-- reads:      outbox.message
-- raises:     invalid_text_representation, when it has neither form
create or replace function outbox.known_message(message_id text) returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  parts constant text[] := regexp_match(message_id, '^([0-9]{1,19})(-[0-9a-z]{1,13})?$');
  found bigint;
begin
  if message_id is null then
    return null;
  end if;
  if parts is null or parts[1]::numeric > 9223372036854775807 then
    raise exception '% is not a message''s id', quote_literal(left(message_id, 100))
      using errcode = 'invalid_text_representation',
            hint = 'An id is a number, or as receivers say it: ''1042-hoe22fla2o''.';
  end if;

  select m.id into found
  from outbox.message m
  where m.id = parts[1]::bigint
    and (parts[2] is null or outbox.wire_id(m.id, m.created_at) = message_id);
  return found;
end
$$;

comment on function outbox.known_message(text) is
  'The id of the row that a text means: a number, or an id as receivers know it.';
revoke execute on function outbox.known_message(text) from public;
