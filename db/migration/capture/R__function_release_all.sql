-- SPDX-License-Identifier: Apache-2.0
-- outbox.release_all: takes every table's triggers off, and gives up every message: for a copy that
-- shall not send.
--
-- A copy whose triggers stay would collect messages that nobody takes off the table. The caller
-- must own the captured tables.
--
-- returns: how many tables were released
-- writes:  the triggers of the captured tables; outbox.message
create or replace function outbox.release_all() returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  released bigint := 0;
  captured record;
begin
  if outbox.copied() is null then
    raise exception 'this database is no copy: the messages here are owed'
      using errcode = 'object_not_in_prerequisite_state',
            hint = 'Tables are released one by one: select outbox.release(...).';
  end if;
  for captured in select distinct c.source from outbox.capture_list c loop
    perform outbox.release(captured.source);
    released := released + 1;
  end loop;
  delete from outbox.message;
  return released;
end
$$;

comment on function outbox.release_all() is
  'Takes every table''s triggers off and gives up every message: for a copy that shall not send. Needs
the ownership of the captured tables. Returns how many tables were released.
Errors: object_not_in_prerequisite_state when this database is no copy.';
revoke execute on function outbox.release_all() from public;
