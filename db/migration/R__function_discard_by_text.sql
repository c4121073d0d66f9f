-- outbox.discard: takes a message off the table, named as a receiver names it: '1042-hoe22fla2o',
-- or by its number.
--
-- PostgreSQL prefers this one for a literal without a type ('1042'); a number goes to the other.
--
-- parameters: message_id  outbox.wire_id of the row, or outbox.message.id as text
-- returns:    whether there was such a message; one with the number and another second part is none
-- writes:     outbox.message, by outbox.discard(bigint)
create or replace function outbox.discard(message_id text) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(outbox.discard(outbox.known_message(message_id)), false);
end
$$;

comment on function outbox.discard(text) is
  'Takes a message off the table, by receivers'' id. False when there is none.';
revoke execute on function outbox.discard(text) from public;
