-- SPDX-License-Identifier: Apache-2.0
-- outbox.discard: takes a message off the table, named as a receiver names it: '1042-hoe22fla2o',
-- or by its number.
--
-- Looked for again where it had another state by the time of the DELETE: it may have moved.
-- PostgreSQL prefers this one for a literal without a type ('1042'); a number goes to the other.
--
-- parameters: message_id  outbox.wire_id of the row, or outbox.message.id as text
-- returns:    whether there was such a message; one that is delivered and kept is none, and one with
--             the number and another second part
-- raises:     as outbox_internal.known_message
-- writes:     outbox.message; its trigger tells the relay, since later messages of its key may wait
--             behind it
create or replace function outbox.discard(message_id text) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  known record;
begin
  select k.* into known from outbox_internal.known_message(discard.message_id) k;
  for look in 1..3 loop
    delete from outbox.message m
    where m.destination = known.known_destination and m.id = known.known_id
      and m.state <> 'delivered'
      and (position('-' in discard.message_id) = 0
        or outbox.wire_id(m.id, m.created_at) = discard.message_id);
    if found then
      return true;
    end if;
  end loop;
  return false;
end
$$;

comment on function outbox.discard(text) is
  'Gives a message up: takes it off the table undelivered. Later ones of its key may go then.
message_id: as receivers and outbox.failed.wire_id say it (1042-hoe22fla2o), or the number alone.
Returns whether there was such a message; one that is delivered and kept is none.
Errors: cardinality_violation when several messages have the number; invalid_text_representation when
it has neither form.';
revoke execute on function outbox.discard(text) from public;
