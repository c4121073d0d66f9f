-- outbox.message_discarded: a refused message was deleted or set aside by hand; the relay is told, since its key may wait behind it.
--
-- Only deletes of rows in state 'retry' and 'failed', and changes from 'retry' to 'failed', come here, so a relay's own deletes of
-- delivered rows cost one test each. It deletes those that were refused at first and then delivered, too, and sets aside itself:
-- its sessions say so by the setting outbox.relay, and are not told.
-- A pending row that is deleted by hand is not told of: outbox.discard does that.
create or replace function outbox.message_discarded() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('outbox.relay', true) is distinct from 'on' then
    perform pg_notify('outbox_control', old.destination);
  end if;
  return null;
end
$$;

comment on function outbox.message_discarded() is 'Trigger function: tells the relay that a refused message was deleted or set aside by hand.';
revoke execute on function outbox.message_discarded() from public;

create or replace trigger message_discarded
  after delete on outbox.message
  for each row when (old.state in ('retry', 'failed'))
  execute function outbox.message_discarded();

create or replace trigger message_set_aside
  after update of state on outbox.message
  for each row when (old.state = 'retry' and new.state = 'failed')
  execute function outbox.message_discarded();
