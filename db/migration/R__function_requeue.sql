-- outbox.requeue: makes a message that was set aside (or delivered and kept) owed again, attempts counted from 0.
--
-- parameters: message_id  outbox.message.id
-- returns:    whether there was such a message
-- writes:     outbox.message; its trigger does the rest, as it does for a plain UPDATE
create or replace function outbox.requeue(message_id bigint) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update outbox.message m
  set state = 'pending'
  where m.id = requeue.message_id and m.state in ('failed', 'retry', 'delivered');
  return found;
end
$$;

comment on function outbox.requeue(bigint) is 'Makes a failed message owed again. False when there is no such message.';
revoke execute on function outbox.requeue(bigint) from public;
