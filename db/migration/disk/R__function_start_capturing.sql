-- SPDX-License-Identifier: Apache-2.0
-- outbox.start_capturing: writes messages for a destination again.
--
-- parameters: destination  outbox.destination.name
-- returns:    whether it was stopped
-- writes:     the triggers of outbox.pending, outbox.destination_state
create or replace function outbox.start_capturing(destination text) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  number constant integer := (
    select d.number from outbox.destination d where d.name = start_capturing.destination);
begin
  if number is null then
    raise exception 'destination % does not exist', coalesce(quote_literal(start_capturing.destination), 'null')
      using errcode = 'undefined_object';
  end if;
  if not exists (
      select from outbox.destination_state s
      where s.destination = start_capturing.destination and s.capture_stopped_at is not null) then
    return false;
  end if;
  -- To drop a trigger takes the strongest lock, for a moment.
  for attempt in 1 .. 30 loop
    begin
      perform set_config('lock_timeout', '100ms', true);
      execute format('drop trigger if exists %I on outbox.pending', 'not_written_' || number);
      update outbox.destination_state s
      set capture_stopped_at = null, capture_stopped_for = null
      where s.destination = start_capturing.destination;
      return true;
    exception when lock_not_available then
      perform pg_sleep(0.2);
    end;
  end loop;
  raise exception 'sessions that use the queue do not leave a moment to start capturing for %', quote_literal(start_capturing.destination)
    using errcode = 'lock_not_available',
          hint = 'Call it again. Long transactions stand in pg_stat_activity, by xact_start.';
end
$$;

comment on function outbox.start_capturing(text) is
  'Writes messages for a destination again. What happened meanwhile was not written: backfill its tables.
destination: outbox.destination.name. Returns whether it was stopped.
Errors: undefined_object when there is no such destination; lock_not_available when sessions that use
the queue leave no moment for it: call it again.';
revoke execute on function outbox.start_capturing(text) from public;
