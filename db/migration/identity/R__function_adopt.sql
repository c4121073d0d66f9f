-- SPDX-License-Identifier: Apache-2.0
-- outbox.adopt: this database is the one whose messages are sent from now on; relays hear of it at
-- once.
--
-- returns: whether it was a copy until now
-- writes:  outbox.identity
create or replace function outbox.adopt() returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  copy constant boolean := outbox.copied() is not null;
begin
  insert into outbox.identity as i (system_identifier, database)
  select outbox.system_identifier(), d.oid from pg_database d where d.datname = current_database()
  on conflict (only_row) do update
  set system_identifier = excluded.system_identifier,
      database = excluded.database,
      adopted_at = excluded.adopted_at;
  perform pg_notify('outbox_control', '');
  return copy;
end
$$;

comment on function outbox.adopt() is
  'Says that this database is the one whose messages are sent from now on: for a copy, a restored dump
or an upgraded cluster, in which relays send nothing until then. They hear of it at once.
Returns whether it was a copy until now.';
revoke execute on function outbox.adopt() from public;
