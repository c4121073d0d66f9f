-- SPDX-License-Identifier: Apache-2.0
-- outbox.requeue: makes a message owed again, named as a receiver names it: '1042-hoe22fla2o', or
-- by its number.
--
-- PostgreSQL prefers this one for a literal without a type ('1042'); a number goes to the other.
--
-- parameters: message_id  outbox.wire_id of the row, or outbox.message.id as text
-- returns:    whether there was such a message; one with the number and another second part is none
-- raises:     as outbox_internal.known_message
-- writes:     outbox.message; its trigger does the rest, as it does for a plain UPDATE
create or replace function outbox.requeue(message_id text) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  known record;
begin
  select k.* into known from outbox_internal.known_message(requeue.message_id) k;
  update outbox.message m
  set state = 'pending'
  where m.destination = known.known_destination and m.id = known.known_id
    and m.state in ('failed', 'retry', 'delivered')
    and (position('-' in requeue.message_id) = 0
      or outbox.wire_id(m.id, m.created_at) = requeue.message_id);
  return found;
end
$$;

comment on function outbox.requeue(text) is
  'Makes a message owed again, with its attempts counted from 0. Relays hear of it at once.
message_id: as receivers and outbox.failed.wire_id say it (1042-hoe22fla2o), or the number alone.
Returns whether there was such a message that was set aside, is retried, or is delivered and kept.
Errors: cardinality_violation when several messages have the number; invalid_text_representation when
it has neither form.';
revoke execute on function outbox.requeue(text) from public;
