-- SPDX-License-Identifier: Apache-2.0
-- outbox.pause: stops sending to a destination; its messages stay owed.
--
-- parameters: destination  outbox.destination.name
-- returns:    nothing
-- writes:     outbox.destination; its trigger tells the relay
create or replace function outbox.pause(destination text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update outbox.destination d set paused = true where d.name = pause.destination;
  if not found then
    raise exception 'destination % does not exist', coalesce(quote_literal(pause.destination), 'null') using errcode = 'undefined_object';
  end if;
end
$$;

comment on function outbox.pause(text) is
  'Stops sending to a destination; its messages stay owed. destination: outbox.destination.name.
Errors: undefined_object when there is no such destination.';
revoke execute on function outbox.pause(text) from public;
