-- SPDX-License-Identifier: Apache-2.0
-- outbox.wake: has the relay look at the table at once; for cron, and for people in doubt.
--
-- parameters: destination  outbox.destination.name, null for all
-- returns:    nothing
-- reads:      outbox.destination
create or replace function outbox.wake(destination text default null) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if wake.destination is not null and not exists (select from outbox.destination d where d.name = wake.destination) then
    raise exception 'destination % does not exist', quote_literal(wake.destination) using errcode = 'undefined_object';
  end if;
  perform pg_notify('outbox_control', coalesce(wake.destination, ''));
end
$$;

comment on function outbox.wake(text) is
  'Has relays look at the table at once; for cron, and for people in doubt.
destination: outbox.destination.name, null for all.
Errors: undefined_object when there is no such destination.';
revoke execute on function outbox.wake(text) from public;
