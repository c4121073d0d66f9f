-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.pause_for: pauses a destination for a relay: its receiver wants nothing, or refuses
-- too much, until a person has looked.
--
-- What failed for it is told by the time at which the first one was refused, and some seconds before:
-- the relay and the database have each a clock of its own.
--
-- SECURITY DEFINER, so that a relay needs no right to write destinations.
--
-- parameters: destination     outbox.destination.name
--             epoch           the caller's; nothing is done when another relay has taken over since
--             reason          why, to be shown
--             failing_millis  how long ago the first message was refused that may have failed for it;
--                             negative: none was
-- returns:    whether it was paused
-- writes:     outbox.destination, whose trigger tells the relay; outbox.destination_state
create or replace function outbox_internal.pause_for(
  destination text, epoch bigint, reason text, failing_millis bigint) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  failing_since constant text := case when pause_for.failing_millis >= 0 then to_char(
    (clock_timestamp() - pause_for.failing_millis * interval '1 millisecond' - interval '5 seconds')
      at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end;
begin
  update outbox.destination_state s
  set last_error = 'paused, ' || pause_for.reason
      || case when failing_since is null then '' else format('; once that is mended: select outbox.requeue_failed(%L, failed_since => %L); '
        'select outbox.resume(%1$L);', pause_for.destination, failing_since) end,
    last_error_at = clock_timestamp(), down_since = null
  where s.destination = pause_for.destination and s.epoch = pause_for.epoch;
  if not found then
    return false;
  end if;
  update outbox.destination d set paused = true where d.name = pause_for.destination and not d.paused;
  return found;
end
$$;

comment on function outbox_internal.pause_for(text, bigint, text, bigint) is
  'Pauses a destination for its relay, and says why in outbox.status.';
revoke execute on function outbox_internal.pause_for(text, bigint, text, bigint) from public;
