-- SPDX-License-Identifier: Apache-2.0
-- outbox.resume: goes on sending to a destination that was paused.
--
-- parameters: destination  outbox.destination.name
-- returns:    nothing
-- writes:     outbox.destination; its trigger tells the relay
create or replace function outbox.resume(destination text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update outbox.destination d set paused = false where d.name = resume.destination;
  if not found then
    raise exception 'destination % does not exist', coalesce(quote_literal(resume.destination), 'null') using errcode = 'undefined_object';
  end if;
end
$$;

comment on function outbox.resume(text) is
  'Goes on sending to a destination that was paused. destination: outbox.destination.name.
Errors: undefined_object when there is no such destination.';
revoke execute on function outbox.resume(text) from public;
