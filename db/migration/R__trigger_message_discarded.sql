-- outbox.message_discarded: a failed message was deleted; the relay is told, since its key may have waited behind it.
--
-- Only rows in state 'failed' come here, and no relay deletes those: its own deletes of delivered rows cost one test each.
create or replace function outbox.message_discarded() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_notify('outbox_control', old.destination);
  return null;
end
$$;

comment on function outbox.message_discarded() is 'Trigger function: tells the relay that a failed message was deleted.';
revoke execute on function outbox.message_discarded() from public;

create or replace trigger message_discarded
  after delete on outbox.message
  for each row when (old.state = 'failed')
  execute function outbox.message_discarded();
