-- SPDX-License-Identifier: Apache-2.0
-- outbox.stop_capturing: writes no more messages for a destination, whatever its tables; writes go on as before.
--
-- A trigger on outbox.pending leaves the rows out. There is none while nothing is stopped, so that a
-- captured write does not pay for it. What is moved back to outbox.pending has its transaction in tx,
-- and passes: it is owed.
--
-- parameters: destination  outbox.destination.name
--             reason       shown by outbox.status
-- returns:    false when it was stopped already
-- writes:     the triggers of outbox.pending, outbox.destination_state
create or replace function outbox.stop_capturing(destination text, reason text default null)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from outbox.destination d where d.name = stop_capturing.destination) then
    raise exception 'destination % does not exist', coalesce(quote_literal(stop_capturing.destination), 'null')
      using errcode = 'undefined_object';
  end if;
  if exists (
      select from outbox.destination_state s
      where s.destination = stop_capturing.destination and s.capture_stopped_at is not null) then
    return false;
  end if;
  if not outbox_internal.lock_queue(30) then
    raise exception 'transactions that write do not leave a moment to stop capturing for %', quote_literal(stop_capturing.destination)
      using errcode = 'lock_not_available',
            hint = 'Call it again. Long transactions stand in pg_stat_activity, by xact_start.';
  end if;
  return outbox_internal.capture_stopped(
    stop_capturing.destination, coalesce(stop_capturing.reason, 'by ' || session_user));
end
$$;

comment on function outbox.stop_capturing(text, text) is
  'Writes no more messages for a destination; the writes to its tables go on. What is owed stays owed.
destination: outbox.destination.name. reason: shown by outbox.status. Returns false when it was so.
What happens until outbox.start_capturing is never sent: backfill the tables then.
Errors: undefined_object when there is no such destination; lock_not_available when transactions that
write leave no moment for it: call it again.';
revoke execute on function outbox.stop_capturing(text, text) from public;
