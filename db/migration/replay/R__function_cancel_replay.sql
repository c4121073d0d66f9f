-- SPDX-License-Identifier: Apache-2.0
-- outbox.cancel_replay: ends a replay after the step that is under way.
--
-- What it has written stays written. Whoever runs it is told at its next step.
--
-- parameters: replay  outbox.replay_progress.id
-- returns:    whether it had not ended yet
-- raises:     undefined_object, when there is no such replay
-- writes:     outbox.replay_progress
create or replace function outbox.cancel_replay(replay bigint) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update outbox.replay_progress p
  set ended_at = clock_timestamp(), cancelled_by = session_user
  where p.id = cancel_replay.replay and p.ended_at is null;
  if found then
    return true;
  end if;
  if not exists (select from outbox.replay_progress p where p.id = cancel_replay.replay) then
    raise exception 'there is no replay %', coalesce(cancel_replay.replay::text, 'null')
      using errcode = 'undefined_object';
  end if;
  return false;
end
$$;

comment on function outbox.cancel_replay(bigint) is
  'Ends a replay after the step that is under way; what it has written stays written.
replay: outbox.replay_progress.id. Returns whether it had not ended yet.
Errors: undefined_object when there is no such replay.';
revoke execute on function outbox.cancel_replay(bigint) from public;
