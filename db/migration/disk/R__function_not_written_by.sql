-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.not_written_by: has an INSERT leave a row out, where the session's login is a member of
-- the role that is the trigger's argument; the trigger by which outbox.start_seeding works.
create or replace function outbox_internal.not_written_by() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- A role that is gone has no members; the write goes on.
  if pg_has_role(session_user, to_regrole(tg_argv[0])::oid, 'member') then
    return null;
  end if;
  return new;
end
$$;

comment on function outbox_internal.not_written_by() is
  'Trigger function, made part of outbox.pending by outbox.start_seeding alone: leaves a row out.';
revoke execute on function outbox_internal.not_written_by() from public;
