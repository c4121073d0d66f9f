-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.message_removed: a DELETE from outbox.message: a person gives a message up.
--
-- One that has another state by now than the DELETE has seen, or is gone, is left alone and not
-- counted. The relay is told of one that is owed, since it may have it in memory, or a key that waits
-- for it.
--
-- SECURITY DEFINER, so that who may delete from the view needs no right to its tables.
--
-- writes: outbox.pending, outbox.parked
create or replace function outbox_internal.message_removed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  number constant integer := (
    select n.number from outbox.destination_number n where n.name = old.destination);
begin
  if old.state = 'pending' and old.due_at is null then
    delete from outbox.pending p where p.destination = number and p.id = old.id;
  else
    delete from outbox.parked p
    where p.destination = number and p.id = old.id and p.state = old.state;
  end if;
  if not found then
    return null;
  end if;
  if old.state <> 'delivered'
      and current_setting('outbox.relay', true) is distinct from 'on' then
    perform pg_notify('outbox_control', old.destination);
  end if;
  return old;
end
$$;

comment on function outbox_internal.message_removed() is 'Trigger function: a person gives a message up.';
revoke execute on function outbox_internal.message_removed() from public;

create or replace trigger message_removed
  instead of delete on outbox.message
  for each row execute function outbox_internal.message_removed();
