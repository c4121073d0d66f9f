-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.lock_queue: locks outbox.pending as a change of its triggers needs it, without ever having writers wait long.
--
-- While this waits for a transaction that writes, later ones wait behind it: so it waits for 100 ms
-- at most, then lets them pass, and tries again.
--
-- parameters: tries  how often, at most
-- returns:    whether it has the lock, until the end of the transaction
create or replace function outbox_internal.lock_queue(tries integer) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
begin
  for attempt in 1 .. lock_queue.tries loop
    begin
      lock table outbox.pending in share row exclusive mode;
      return true;
    exception when lock_not_available then
      if attempt < lock_queue.tries then
        perform pg_sleep(0.2);
      end if;
    end;
  end loop;
  return false;
end
$$;

comment on function outbox_internal.lock_queue(integer) is
  'Locks outbox.pending for a change of its triggers; writers never wait for it long.';
revoke execute on function outbox_internal.lock_queue(integer) from public;
