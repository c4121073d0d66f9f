-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.ring: rings a destination's doorbell, as every writer does after its row.
--
-- A relay that sleeps holds the doorbell's lock exclusively; only then a notification is sent, because a transaction with a
-- pending notification commits one after the other with all that have one. A writer that need not ring holds the lock in
-- share mode until its commit is visible, so the relay cannot fall asleep before. Nobody waits for this lock.
-- The capture triggers hold the same three lines of their own, to save the call.
--
-- parameters: destination  the name that is sent
--             doorbell     outbox.destination.doorbell
-- reads:      nothing; silent unless outbox_internal.bell_wanted()
create or replace function outbox_internal.ring(destination text, doorbell integer) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not outbox_internal.bell_wanted() then
    return;
  end if;
  if not pg_try_advisory_xact_lock_shared(7021001, doorbell) then
    perform pg_notify('outbox', destination);
  end if;
end
$$;

comment on function outbox_internal.ring(text, integer) is 'Wakes the relay of a destination if it sleeps.';
revoke execute on function outbox_internal.ring(text, integer) from public;
