-- SPDX-License-Identifier: Apache-2.0
-- outbox.discard: takes a message off the table undelivered.
--
-- parameters: message_id  outbox.message.id
-- returns:    whether there was such a message; one that is delivered and kept is none
-- raises:     cardinality_violation, when several messages have the number: it is one's own within a
--             destination only, where the sequence has once gone back
-- writes:     outbox.message; its trigger tells the relay, since later messages of its key may wait
--             behind it
create or replace function outbox.discard(message_id bigint) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return message_id >= 0 and outbox.discard(message_id::text);
end
$$;

comment on function outbox.discard(bigint) is
  'Gives a message up: takes it off the table undelivered. Later ones of its key may go then.
message_id: outbox.message.id.
Returns whether there was such a message; one that is delivered and kept is none.
Errors: cardinality_violation when several messages have the number.';
revoke execute on function outbox.discard(bigint) from public;
