-- SPDX-License-Identifier: Apache-2.0
-- outbox.measure: estimates how much is owed to each destination, notes it, and does what its owner chose where the limit is
-- reached.
--
-- The limit is one of the disk: what was set aside counts as what is owed does.
-- Relays call it in each sweep. Where none runs, cron may: what is captured grows without them.
-- Nothing is written for a destination that owes nothing and did not; so a session that holds an old
-- snapshot does not fill the table. Shedding goes on until a tenth of the limit is free, 200,000
-- messages a call.
--
-- returns: a row for each destination for which something was done: what
-- writes:  outbox.owed; what outbox.shed and outbox.stop_capturing write
create or replace function outbox.measure() returns table (destination text, done text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  target record;
  left_bytes bigint;
  shed_messages bigint;
  step record;
begin
  -- One at a time; another one does the same.
  if not pg_try_advisory_xact_lock(7021006, 0) then
    return;
  end if;

  insert into outbox.owed as o (destination, messages, bytes, failed, failed_bytes, limit_since)
  select b.name, b.messages, b.bytes, b.failed, b.failed_bytes,
         case when b.bytes + b.failed_bytes > d.max_owed_bytes then clock_timestamp() end
  from outbox.owed_bytes() b
  join outbox.destination d on d.name = b.name
  left join outbox.owed before on before.destination = b.name
  where b.messages + b.failed > 0 or before.messages + before.failed > 0 or before.growth <> 0
  on conflict on constraint owed_pkey do update
  set messages = excluded.messages, bytes = excluded.bytes,
      failed = excluded.failed, failed_bytes = excluded.failed_bytes,
      measured_at = clock_timestamp(),
      limit_since = case when excluded.limit_since is not null
        then coalesce(o.limit_since, excluded.limit_since) end,
      -- What is new counts by the share of ten minutes that it took.
      growth = case when excluded.messages + excluded.failed = 0 then 0 else o.growth
        + least(1, extract(epoch from clock_timestamp() - o.measured_at) / 600)
        * ((excluded.bytes + excluded.failed_bytes - o.bytes - o.failed_bytes)
            / greatest(1, extract(epoch from clock_timestamp() - o.measured_at)) - o.growth) end;

  for target in
    select d.name, d.max_owed_bytes, d.on_max_owed, o.bytes + o.failed_bytes as bytes
    from outbox.destination d
    join outbox.owed o on o.destination = d.name
    left join outbox.destination_state s on s.destination = d.name
    where o.bytes + o.failed_bytes > d.max_owed_bytes
      and (d.on_max_owed = 'shed' or d.on_max_owed = 'stop_capturing' and s.capture_stopped_at is null)
    order by d.on_max_owed, d.name -- the lock of the queue last
  loop
    destination := target.name;
    if target.on_max_owed = 'shed' then
      left_bytes := target.bytes;
      shed_messages := 0;
      while left_bytes > target.max_owed_bytes * 0.9 and shed_messages < 200000 loop
        select * into step
        from outbox_internal.shed_oldest(target.name, 5000, 'max_owed_bytes', 'the limit was reached');
        exit when step.messages = 0;
        left_bytes := left_bytes - step.bytes;
        shed_messages := shed_messages + step.messages;
      end loop;
      if shed_messages > 0 then
        update outbox.owed o
        set messages = b.messages, bytes = b.bytes, failed = b.failed, failed_bytes = b.failed_bytes
        from outbox.owed_bytes(target.name) b
        where o.destination = b.name;
        done := format('%s messages shed, since max_owed_bytes was reached; see outbox.shed_record', shed_messages);
        return next;
      end if;
    elsif outbox_internal.lock_queue(3) then
      if outbox_internal.capture_stopped(target.name, 'max_owed_bytes was reached') then
        done := 'capturing stopped, since max_owed_bytes was reached; go on with outbox.start_capturing';
        return next;
      end if;
    else
      done := 'max_owed_bytes is reached, and transactions that write leave no moment to stop capturing; trying again';
      return next;
    end if;
  end loop;
end
$$;

comment on function outbox.measure() is
  'Estimates how much is owed to each destination for outbox.status, and does what on_max_owed says
where max_owed_bytes is reached. Relays call it each minute; where none runs, cron may.
Returns a row for each destination for which something was done.';
revoke execute on function outbox.measure() from public;
