-- SPDX-License-Identifier: Apache-2.0
-- outbox.stop_seeding: from now on every write to a captured table has its message again.
--
-- returns: whether anybody could write without
-- raises:  lock_not_available, when sessions that use the queue leave no moment
-- writes:  the triggers of outbox.pending
create or replace function outbox.stop_seeding() returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
      select from pg_trigger t
      where t.tgrelid = 'outbox.pending'::regclass and t.tgname = 'not_written_seeding') then
    return false;
  end if;
  -- To drop a trigger takes the strongest lock, for a moment.
  for attempt in 1 .. 30 loop
    begin
      perform set_config('lock_timeout', '100ms', true);
      drop trigger if exists not_written_seeding on outbox.pending;
      return true;
    exception when lock_not_available then
      perform pg_sleep(0.2);
    end;
  end loop;
  raise exception 'sessions that use the queue do not leave a moment to stop seeding'
    using errcode = 'lock_not_available',
          hint = 'Call it again. Long transactions stand in pg_stat_activity, by xact_start.';
end
$$;

comment on function outbox.stop_seeding() is
  'From now on every write to a captured table has its message again: ends outbox.start_seeding.
Returns whether anybody could write without.
Errors: lock_not_available when sessions that use the queue leave no moment for it: call it again.';
revoke execute on function outbox.stop_seeding() from public;
