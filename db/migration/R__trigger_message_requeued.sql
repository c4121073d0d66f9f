-- outbox.message_requeued: a message whose state is changed to 'pending' is new to the relay, however the change was made.
--
-- It gets the id of this transaction, so that it is among what the relay has not seen, and no attempts charged; then
-- the doorbell is rung as by any writer, and the relay is told that a person has acted: it may have to drop what it
-- remembers of the message and its key.
--
-- A held message stays held: it is owed already, and comes in its place once what it waits for is settled. Made pending it
-- would be new to the relay, which reads what is new last, and its key's later messages would pass it. Where there is no
-- order (no key, or a destination without) nothing holds a message, and it is made pending like any other.
--
-- A state that there is not is refused; the table has no CHECK for it, to spare the writers.
--
-- reads: outbox.destination
create or replace function outbox.message_requeued() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  target record;
begin
  if new.state <> 'pending' then
    raise exception 'there is no state %', quote_literal(new.state)
      using errcode = 'check_violation', hint = 'The states are pending, retry, held, failed and delivered.';
  end if;
  select d.name, d.doorbell, d.ordering into target from outbox.destination d where d.name = new.destination;
  perform pg_notify('outbox_control', new.destination);
  if old.state = 'held' and new.key is not null and target.ordering = 'key' then
    new.state := 'held';
    return new;
  end if;
  new.xid := pg_current_xact_id();
  new.attempts := 0;
  new.due_at := null;
  new.delivered_at := null;
  if target.name is not null then
    perform outbox.ring(target.name, target.doorbell);
  end if;
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
