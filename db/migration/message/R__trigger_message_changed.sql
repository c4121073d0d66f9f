-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.message_changed: an UPDATE of outbox.message: a person gives a message another state, time
-- or destination.
--
-- What is looked for is the row in the state in which the UPDATE has seen it. One that has another by
-- now, or is gone, is left alone and not counted.
--
-- A message whose state is changed to 'pending' is new to the relay: it gets the id of this
-- transaction, so that it is among what the relay has not seen, and no attempts charged; then the
-- doorbell is rung as by any writer. So is a pending message whose due time is taken away, and one
-- that is moved to another destination, whatever it waited for at the old one. The relay is told of
-- every change, since it may have the message in memory, or a key that waits for it.
--
-- A held message stays held: it is owed already, and comes in its place once what it waits for is
-- settled. Made pending it would be new to the relay, which reads what is new last, and its key's
-- later messages would pass it. Where there is no order (no key, or a destination without) nothing
-- holds a message, and it is made pending like any other.
--
-- 'retry' and 'held' are the relay's words for what it has seen of the receiver: by another's hand
-- they would put a message out of its order. Who sets outbox.relay says that he is the relay.
--
-- When it was set aside, and by whom it was made owed again, is noted here, and goes with the message:
-- by the login of the session.
--
-- SECURITY DEFINER, so that who may update the view's state needs no right to its tables.
--
-- reads:  outbox.destination
-- writes: outbox.pending, outbox.parked
create or replace function outbox_internal.message_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  by_relay constant boolean := coalesce(current_setting('outbox.relay', true), '') = 'on';
  moved constant boolean := new.destination <> old.destination;
  was_pending constant boolean := old.state = 'pending' and old.due_at is null;
  old_number constant integer := (
    select n.number from outbox.destination_number n where n.name = old.destination);
  new_number integer := old_number;
  target record;
  is_new boolean := false;
begin
  if new.state is null or new.state not in ('pending', 'retry', 'held', 'failed', 'delivered') then
    raise exception 'there is no state %', coalesce(quote_literal(new.state), 'null')
      using errcode = 'check_violation',
            hint = 'The states are pending, retry, held, failed and delivered.';
  end if;
  if new.state in ('retry', 'held') and new.state <> old.state and not by_relay then
    raise exception 'message %: state % is set by the relay alone', old.id, quote_literal(new.state)
      using errcode = 'check_violation',
            hint = format('To send it again: select outbox.requeue(%s); to set it aside: state '
              '''failed''; to give it up: select outbox.discard(%1$s).', old.id);
  end if;
  if row(new.id, new.xid, new.created_at, new.op, new.source_schema, new.source_table, new.key,
        new.type, new.new_row::text, new.old_row::text, new.headers::text, new.failed_at,
        new.first_failed_at, new.requeued, new.requeued_by, new.expires_at)
      is distinct from
      row(old.id, old.xid, old.created_at, old.op, old.source_schema, old.source_table, old.key,
        old.type, old.new_row::text, old.old_row::text, old.headers::text, old.failed_at,
        old.first_failed_at, old.requeued, old.requeued_by, old.expires_at) then
    raise exception 'message %: what it says cannot be changed', old.id
      using errcode = 'feature_not_supported',
            hint = 'Set state, attempts, due_at, delivered_at, last_error or destination.';
  end if;

  if moved then
    new_number := outbox_internal.destination_number(new.destination);
  end if;
  select d.name, d.doorbell, d.ordering into target
  from outbox.destination d where d.number = new_number;

  if new.state = 'pending' and old.state <> 'pending'
      or not by_relay and (new.state <> old.state or new.due_at is distinct from old.due_at
        or moved and new.state <> 'delivered') then
    perform pg_notify('outbox_control', new.destination);
    if moved then
      perform pg_notify('outbox_control', old.destination);
      if new.state in ('retry', 'held') then
        new.state := 'pending';
        new.due_at := null;
      end if;
    end if;

    if new.state = 'pending' and old.state = 'held' and not moved
        and old.key is not null and target.ordering = 'key' then
      new.state := 'held';
    elsif new.state = 'pending' then
      if old.state <> 'pending' or moved then
        new.attempts := 0;
        new.delivered_at := null;
        if new.due_at is not distinct from old.due_at and old.state <> 'pending' then
          new.due_at := null;
        end if;
      end if;
      is_new := old.state <> 'pending' or moved or new.due_at is null;
    elsif new.state = 'retry' and new.due_at is null then
      new.due_at := clock_timestamp();
    elsif new.state = 'delivered' and new.delivered_at is null then
      new.delivered_at := clock_timestamp();
    end if;
  end if;

  -- What became of it goes with it.
  if new.state = 'failed' and old.state <> 'failed' then
    new.failed_at := clock_timestamp();
    new.first_failed_at := coalesce(old.first_failed_at, new.failed_at);
  elsif new.state <> 'failed' then
    new.failed_at := null;
  end if;
  if new.state = 'pending' and old.state in ('failed', 'retry', 'delivered') and not by_relay then
    new.requeued := old.requeued + 1;
    new.requeued_by := session_user;
    new.expires_at := null; -- Who makes it owed again wants it sent.
  end if;

  if new.state = 'pending' and new.due_at is null then
    if was_pending and not moved then
      return new; -- Nothing that a pending message has is another.
    end if;
    with gone as (
      delete from outbox.pending p
      where was_pending and p.destination = old_number and p.id = old.id
      returning p.id, p.xid, p.created_at, p.source, p.op, p.key, p.new_row, p.old_row, p.type,
        p.headers, p.tx, p.schema_name, p.table_name, p.expires_at
    ), gone_parked as (
      delete from outbox.parked p
      where not was_pending and p.destination = old_number and p.id = old.id
        and p.state = old.state
      returning p.id, p.xid, p.created_at, p.source, p.op, p.key, p.new_row, p.old_row, p.type,
        p.headers, p.tx, p.schema_name, p.table_name, p.expires_at
    )
    insert into outbox.pending (
      id, xid, created_at, destination, source, op, key, new_row, old_row, type, headers, tx,
      schema_name, table_name, first_failed_at, requeued, requeued_by, expires_at)
    select m.id, pg_current_xact_id(), m.created_at, new_number, m.source, m.op, m.key, m.new_row,
           m.old_row, m.type, m.headers, coalesce(m.tx, m.xid), m.schema_name, m.table_name,
           new.first_failed_at, nullif(new.requeued, 0), new.requeued_by, new.expires_at
    from (select * from gone union all select * from gone_parked) m;
  elsif was_pending then
    with gone as (
      delete from outbox.pending p where p.destination = old_number and p.id = old.id returning p.*
    )
    insert into outbox.parked (
      id, xid, created_at, destination, source, op, key, new_row, old_row, type, headers, tx,
      schema_name, table_name, expires_at, first_failed_at, requeued, requeued_by, state, attempts, due_at,
      delivered_at, failed_at, last_error)
    select m.id, pg_current_xact_id(), m.created_at, new_number, m.source, m.op, m.key, m.new_row,
           m.old_row, m.type, m.headers, coalesce(m.tx, m.xid), m.schema_name, m.table_name,
           new.expires_at, new.first_failed_at, nullif(new.requeued, 0), new.requeued_by, new.state, new.attempts,
           new.due_at, new.delivered_at, new.failed_at, new.last_error
    from gone m;
  else
    -- What the UPDATE has not set may be another by now, and stays.
    update outbox.parked p
    set destination = new_number,
        state = new.state,
        xid = case when is_new then pg_current_xact_id() else p.xid end,
        tx = case when is_new then coalesce(p.tx, p.xid) else p.tx end,
        attempts = case when new.attempts is distinct from old.attempts then new.attempts
          else p.attempts end,
        due_at = case when new.due_at is distinct from old.due_at then new.due_at else p.due_at end,
        delivered_at = case when new.delivered_at is distinct from old.delivered_at
          then new.delivered_at else p.delivered_at end,
        last_error = case when new.last_error is distinct from old.last_error then new.last_error
          else p.last_error end,
        expires_at = new.expires_at,
        failed_at = case when new.failed_at is distinct from old.failed_at then new.failed_at
          else p.failed_at end,
        first_failed_at = coalesce(p.first_failed_at, new.first_failed_at),
        requeued = case when new.requeued > old.requeued then coalesce(p.requeued, 0) + 1
          else p.requeued end,
        requeued_by = case when new.requeued > old.requeued then new.requeued_by
          else p.requeued_by end
    where p.destination = old_number and p.id = old.id and p.state = old.state;
  end if;
  if not found then
    return null;
  end if;
  if new.state = 'pending' and target.name is not null then
    perform outbox_internal.ring(target.name, target.doorbell);
  end if;
  return new;
end
$$;

comment on function outbox_internal.message_changed() is
  'Trigger function: a person gives a message another state, time or destination.';
revoke execute on function outbox_internal.message_changed() from public;

create or replace trigger message_changed
  instead of update on outbox.message
  for each row execute function outbox_internal.message_changed();
