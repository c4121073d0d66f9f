-- outbox.discard: takes a message off the table undelivered.
--
-- parameters: message_id  outbox.message.id
-- returns:    whether there was such a message; one that is delivered and kept is none
-- writes:     outbox.message; tells the relay, since later messages of its key may wait behind it
create or replace function outbox.discard(message_id bigint) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  gone text;
begin
  delete from outbox.message m
  where m.id = discard.message_id and m.state <> 'delivered'
  returning m.destination into gone;
  if not found then
    return false;
  end if;
  perform pg_notify('outbox_control', gone);
  return true;
end
$$;

comment on function outbox.discard(bigint) is 'Takes a message off the table undelivered. False when there is no such message.';
revoke execute on function outbox.discard(bigint) from public;
