-- outbox.message_discarded: messages were taken off the table by hand; the relay is told, since it may have them in memory, or
-- a key that waits for them.
--
-- A relay's own sessions, which delete what is delivered, say so by the setting outbox.relay: they are not told, and pay for one
-- test a row. What is delivered and kept nobody waits for.
create or replace function outbox.message_discarded() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_notify('outbox_control', case tg_op when 'TRUNCATE' then '' else old.destination end);
  return null;
end
$$;

comment on function outbox.message_discarded() is 'Trigger function: tells the relay that messages were taken off the table by hand.';
revoke execute on function outbox.message_discarded() from public;

create or replace trigger message_discarded
  after delete on outbox.message
  for each row when (pg_catalog.current_setting('outbox.relay', true) is distinct from 'on' and old.state <> 'delivered')
  execute function outbox.message_discarded();

create or replace trigger message_discarded_all
  after truncate on outbox.message
  for each statement execute function outbox.message_discarded();
