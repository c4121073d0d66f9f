-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.capture_stopped: makes the trigger that leaves a destination's rows out, and notes it.
--
-- The caller has locked outbox.pending.
--
-- parameters: as of outbox.stop_capturing
-- returns:    whether it was captured until now
-- writes:     the triggers of outbox.pending, outbox.destination_state
create or replace function outbox_internal.capture_stopped(destination text, reason text)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  number constant integer := (
    select d.number from outbox.destination d where d.name = capture_stopped.destination);
begin
  insert into outbox.destination_state as s (destination, capture_stopped_at, capture_stopped_for)
  values (capture_stopped.destination, clock_timestamp(), capture_stopped.reason)
  on conflict on constraint destination_state_pkey
  do update set capture_stopped_at = clock_timestamp(), capture_stopped_for = capture_stopped.reason
  where s.capture_stopped_at is null;
  if not found then
    return false;
  end if;
  execute format(
    'create or replace trigger %I before insert on outbox.pending for each row '
      'when (new.destination = %s and new.tx is null) execute function outbox_internal.not_written()',
    'not_written_' || number, number);
  return true;
end
$$;

comment on function outbox_internal.capture_stopped(text, text) is
  'Makes the trigger that leaves a destination''s rows out, and notes it.';
revoke execute on function outbox_internal.capture_stopped(text, text) from public;
