-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.destination_numbered: gives a destination the number of its name, whatever is given.
--
-- writes: outbox.destination_number
create or replace function outbox_internal.destination_numbered() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if new.name is not null then
    new.number := outbox_internal.destination_number(new.name);
  end if;
  return new;
end
$$;

comment on function outbox_internal.destination_numbered() is
  'Trigger function: gives a destination the number of its name.';
revoke execute on function outbox_internal.destination_numbered() from public;

create or replace trigger destination_numbered
  before insert or update of name, number on outbox.destination
  for each row execute function outbox_internal.destination_numbered();
