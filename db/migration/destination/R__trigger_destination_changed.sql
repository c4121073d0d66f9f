-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.destination_changed: tells the relays of each change of a destination; of one that is deleted, the kept messages go too.
--
-- Of one that is renamed they go by the new name's number: the purge finds them by it. There are no
-- others then: outbox_internal.destination_kept.
--
-- writes: outbox.parked
create or replace function outbox_internal.destination_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    delete from outbox.parked m where m.destination = old.number and m.state = 'delivered';
    perform pg_notify('outbox_control', old.name);
  else
    if tg_op = 'UPDATE' and new.name <> old.name then
      update outbox.parked m set destination = new.number
      where m.destination = old.number and m.state = 'delivered';
    end if;
    perform pg_notify('outbox_control', new.name);
  end if;
  return null;
end
$$;

comment on function outbox_internal.destination_changed() is 'Trigger function: tells the relays of each change of a destination.';
revoke execute on function outbox_internal.destination_changed() from public;

create or replace trigger destination_changed
  after insert or update or delete on outbox.destination
  for each row execute function outbox_internal.destination_changed();
