-- outbox.message_changed: what a person does to a message by UPDATE reaches the relay, and means what it would by a function.
--
-- A message whose state is changed to 'pending' is new to the relay: it gets the id of this transaction, so that it is among
-- what the relay has not seen, and no attempts charged; then the doorbell is rung as by any writer. So is a pending message
-- whose due time is taken away, and one that is moved to another destination, whatever it waited for at the old one.
-- The relay is told of every change, since it may have the message in memory, or a key that waits for it.
--
-- A held message stays held: it is owed already, and comes in its place once what it waits for is settled. Made pending it
-- would be new to the relay, which reads what is new last, and its key's later messages would pass it. Where there is no
-- order (no key, or a destination without) nothing holds a message, and it is made pending like any other.
--
-- 'retry' and 'held' are the relay's words for what it has seen of the receiver: by another's hand they would put a message
-- out of its order. A state that there is not is refused; the table has no CHECK for it, to spare the writers.
--
-- The relay's own sessions say who they are by the setting outbox.relay. Of their updates only those to 'pending' come here.
--
-- reads: outbox.destination
create or replace function outbox.message_changed() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  target record;
  moved constant boolean := new.destination <> old.destination;
begin
  if new.state not in ('pending', 'retry', 'held', 'failed', 'delivered') then
    raise exception 'there is no state %', quote_literal(new.state)
      using errcode = 'check_violation', hint = 'The states are pending, retry, held, failed and delivered.';
  end if;
  if new.state in ('retry', 'held') and new.state <> old.state then
    raise exception 'message %: state % is set by the relay alone', old.id, quote_literal(new.state)
      using errcode = 'check_violation',
        hint = format('To send it again: select outbox.requeue(%s); to set it aside: state ''failed''; to give it up: select outbox.discard(%1$s).', old.id);
  end if;

  perform pg_notify('outbox_control', new.destination);
  if moved then
    perform pg_notify('outbox_control', old.destination);
    if new.state in ('retry', 'held') then
      new.state := 'pending';
    end if;
  end if;

  if new.state = 'pending' then
    select d.name, d.doorbell, d.ordering into target from outbox.destination d where d.name = new.destination;
    if old.state = 'held' and not moved and new.key is not null and target.ordering = 'key' then
      new.state := 'held';
      return new;
    end if;
    if old.state <> 'pending' or moved then
      new.attempts := 0;
      new.delivered_at := null;
      if new.due_at is not distinct from old.due_at and old.state <> 'pending' then
        new.due_at := null;
      end if;
    end if;
    if old.state <> 'pending' or moved or new.due_at is null then
      new.xid := pg_current_xact_id();
    end if;
    if target.name is not null then
      perform outbox.ring(target.name, target.doorbell);
    end if;
  elsif new.state = 'retry' and new.due_at is null then
    new.due_at := clock_timestamp();
  elsif new.state = 'delivered' and new.delivered_at is null then
    new.delivered_at := clock_timestamp();
  end if;
  return new;
end
$$;

comment on function outbox.message_changed() is 'Trigger function: makes what a person changes of a message reach the relay.';
revoke execute on function outbox.message_changed() from public;

create or replace trigger message_changed
  before update of state, due_at, destination on outbox.message
  for each row when (
    new.state = 'pending' and old.state <> 'pending'
    or new.state not in ('pending', 'retry', 'held', 'failed', 'delivered')
    or pg_catalog.current_setting('outbox.relay', true) is distinct from 'on'
      and (new.state <> old.state or new.due_at is distinct from old.due_at
        or new.destination <> old.destination and new.state <> 'delivered'))
  execute function outbox.message_changed();
