-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.held_key_changed: tells the relays that a key is held, or is no more.
--
-- reads: nothing
create or replace function outbox_internal.held_key_changed() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_notify('outbox_control', coalesce(new.destination, old.destination));
  return null;
end
$$;

comment on function outbox_internal.held_key_changed() is
  'Trigger function: tells the relays of keys that people hold or release.';
revoke execute on function outbox_internal.held_key_changed() from public;

create or replace trigger held_key_changed
  after insert or update or delete on outbox.held_key
  for each row execute function outbox_internal.held_key_changed();
