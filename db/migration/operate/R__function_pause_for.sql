-- outbox_internal.pause_for: pauses a destination for its receiver, which wants nothing until a person has looked.
--
-- SECURITY DEFINER, so that a relay needs no right to write destinations.
--
-- parameters: destination  outbox.destination.name
--             epoch        the caller's; nothing is done when another relay has taken over since
--             reason       the receiver's words
-- returns:    whether it was paused
-- writes:     outbox.destination, whose trigger tells the relay; outbox.destination_state
create or replace function outbox_internal.pause_for(destination text, epoch bigint, reason text) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update outbox.destination_state s
  set last_error = 'paused, as its receiver has asked: ' || pause_for.reason, last_error_at = clock_timestamp(), down_since = null
  where s.destination = pause_for.destination and s.epoch = pause_for.epoch;
  if not found then
    return false;
  end if;
  update outbox.destination d set paused = true where d.name = pause_for.destination and not d.paused;
  return found;
end
$$;

comment on function outbox_internal.pause_for(text, bigint, text) is
  'Pauses a destination for its receiver, and says why in outbox.status.';
revoke execute on function outbox_internal.pause_for(text, bigint, text) from public;
