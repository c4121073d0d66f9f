-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.claim: the first relay notes which database this is. One that is noted already stays.
--
-- returns: nothing
-- writes:  outbox.identity
create or replace function outbox_internal.claim() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into outbox.identity (system_identifier, database)
  select outbox.system_identifier(), d.oid from pg_database d where d.datname = current_database()
  on conflict (only_row) do nothing;
end
$$;

comment on function outbox_internal.claim() is 'For the relay: notes which database this is, once.';
revoke execute on function outbox_internal.claim() from public;
