-- outbox.message_requeued: a message whose state is changed to 'pending' is new to the relay, however the change was made.
--
-- It gets the id of this transaction, so that it is among what the relay has not seen, and no attempts charged; then
-- the doorbell is rung as by any writer, and the relay is told that a person has acted: it may have to drop what it
-- remembers of the message and its key.
--
-- A state that there is not is refused; the table has no CHECK for it, to spare the writers.
--
-- reads: outbox.destination
create or replace function outbox.message_requeued() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if new.state <> 'pending' then
    raise exception 'there is no state %', quote_literal(new.state)
      using errcode = 'check_violation', hint = 'The states are pending, retry, held, failed and delivered.';
  end if;
  new.xid := pg_current_xact_id();
  new.attempts := 0;
  new.due_at := null;
  new.delivered_at := null;
  perform outbox.ring(d.name, d.doorbell) from outbox.destination d where d.name = new.destination;
  perform pg_notify('outbox_control', new.destination);
  return new;
end
$$;

comment on function outbox.message_requeued() is 'Trigger function: makes a message whose state is changed to pending new to the relay.';
revoke execute on function outbox.message_requeued() from public;

create or replace trigger message_requeued
  before update of state on outbox.message
  for each row when (
    new.state = 'pending' and old.state <> 'pending' or new.state not in ('pending', 'retry', 'held', 'failed', 'delivered'))
  execute function outbox.message_requeued();
