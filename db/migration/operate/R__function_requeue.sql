-- SPDX-License-Identifier: Apache-2.0
-- outbox.requeue: makes a message that was set aside (or delivered and kept) owed again, attempts
-- counted from 0.
--
-- parameters: message_id  outbox.message.id
-- returns:    whether there was such a message
-- raises:     cardinality_violation, when several messages have the number: it is one's own within a
--             destination only, where the sequence has once gone back
-- writes:     outbox.message; its trigger does the rest, as it does for a plain UPDATE
create or replace function outbox.requeue(message_id bigint) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return message_id >= 0 and outbox.requeue(message_id::text);
end
$$;

comment on function outbox.requeue(bigint) is
  'Makes a message owed again, with its attempts counted from 0. Relays hear of it at once.
message_id: outbox.message.id.
Returns whether there was such a message that was set aside, is retried, or is delivered and kept.
Errors: cardinality_violation when several messages have the number.';
revoke execute on function outbox.requeue(bigint) from public;
