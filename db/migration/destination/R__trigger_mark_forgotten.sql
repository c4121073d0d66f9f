-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.mark_forgotten: what is owed to a destination of another name begins elsewhere.
create or replace function outbox_internal.mark_forgotten() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.mark_snapshot := null;
  new.mark_first_id := null;
  new.mark_earlier := null;
  return new;
end
$$;

comment on function outbox_internal.mark_forgotten() is 'Trigger function: takes the mark of a destination away that is renamed.';
revoke execute on function outbox_internal.mark_forgotten() from public;

create or replace trigger mark_forgotten
  before update of destination on outbox.destination_state
  for each row when (new.destination <> old.destination)
  execute function outbox_internal.mark_forgotten();
