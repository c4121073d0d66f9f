-- SPDX-License-Identifier: Apache-2.0
-- outbox.expire: sets aside what is older than its destination's time_to_live, and gives up what was
-- set aside for longer than keep_failed.
--
-- Relays call it in each sweep, whether messages can be sent or not. Where none runs, cron may. What is
-- set aside says why; what is given up is noted in outbox.shed_record. Both are counted in
-- outbox.expired. Marks of TRUNCATE stay. Rows that somebody has locked, such as a relay that
-- completes them, are passed over until the next time.
-- Of each destination the oldest are looked at, so a destination without anything old costs little.
--
-- parameters: up_to  so many messages of each destination, 100,000 at most
-- returns:    a row for each destination and setting for which something was done
-- raises:     invalid_parameter_value for up_to
-- reads:      outbox.destination, outbox.source
-- writes:     outbox.pending, outbox.parked, outbox.expired, outbox.shed_record; tells the relay
create or replace function outbox.expire(up_to integer default 10000)
returns table (destination text, done text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  -- One moment for both: what is set aside for the first time has the same time twice.
  moment constant timestamptz := clock_timestamp();
  target record;
  late bigint;
  given_up bigint;
begin
  if expire.up_to is null or expire.up_to not between 1 and 100000 then
    raise exception 'up_to is %, need 1 to 100000', coalesce(expire.up_to::text, 'null')
      using errcode = 'invalid_parameter_value', hint = 'Call it again for more.';
  end if;
  -- One at a time; another one does the same.
  if not pg_try_advisory_xact_lock(7021006, 1) then
    return;
  end if;
  for target in
    select d.name, d.number, d.time_to_live, d.keep_failed
    from outbox.destination d
    where d.time_to_live is not null or d.keep_failed is not null
    order by d.name
  loop
    late := 0;
    if target.time_to_live is not null then
      with oldest as materialized (
        select p.id, p.created_at
        from outbox.pending p
        where p.destination = target.number and p.op <> 't'
        order by p.id
        limit expire.up_to
      ), locked as materialized (
        select p.id
        from oldest o
        join outbox.pending p on p.destination = target.number and p.id = o.id
        where o.created_at < clock_timestamp() - target.time_to_live
        for update of p skip locked
      ), moved as (
        delete from outbox.pending p using locked l
        where p.destination = target.number and p.id = l.id
        returning p.*
      ), waiting as materialized (
        select m.id
        from outbox.parked m
        where (m.destination + 0) = target.number and m.state in ('retry', 'held', 'failed')
          and m.state <> 'failed' and m.op <> 't'
          and m.created_at < clock_timestamp() - target.time_to_live
        limit expire.up_to
        for update skip locked
      ), changed as (
        update outbox.parked m
        set state = 'failed', due_at = null, failed_at = moment,
          first_failed_at = coalesce(m.first_failed_at, moment),
          last_error = format('expired: older than time_to_live, %s', target.time_to_live)
            || case when m.last_error is not null then '; before that: ' || m.last_error else '' end
        from waiting w
        where m.destination = target.number and m.id = w.id
        returning m.id
      ), written as (
        insert into outbox.parked (
          id, xid, created_at, destination, source, op, key, new_row, old_row, type, headers, tx,
          schema_name, table_name, expires_at, first_failed_at, requeued, requeued_by, state,
          failed_at, last_error)
        select m.id, pg_current_xact_id(), m.created_at, m.destination, m.source, m.op, m.key,
               m.new_row, m.old_row, m.type, m.headers, coalesce(m.tx, m.xid), m.schema_name,
               m.table_name, m.expires_at, coalesce(m.first_failed_at, moment), m.requeued,
               m.requeued_by, 'failed', moment,
               format('expired: older than time_to_live, %s', target.time_to_live)
        from moved m
        returning id
      )
      select (select count(*) from written) + (select count(*) from changed) into late;
      if late > 0 then
        destination := target.name;
        done := format('messages set aside, since they are older than time_to_live: %s', late);
        return next;
      end if;
    end if;

    given_up := 0;
    if target.keep_failed is not null then
      with picked as materialized (
        select f.id
        from outbox.parked f
        where (f.destination + 0) = target.number and f.state = 'failed'
          and f.failed_at < clock_timestamp() - target.keep_failed
        order by f.failed_at
        limit expire.up_to
        for update skip locked
      ), deleted as (
        delete from outbox.parked f using picked p
        where f.destination = target.number and f.id = p.id
        returning f.id, f.created_at, f.source, f.op, f.key, f.new_row, f.old_row, f.headers
      ), each as (
        select s.source, s.op, count(*) as messages,
               sum(80 + coalesce(pg_column_size(s.key), 0) + coalesce(pg_column_size(s.new_row), 0)
                 + coalesce(pg_column_size(s.old_row), 0) + coalesce(pg_column_size(s.headers), 0)) as bytes,
               min(s.id) as first_id, max(s.id) as last_id,
               min(s.created_at) as oldest, max(s.created_at) as newest
        from deleted s
        group by s.source, s.op
      )
      insert into outbox.shed_record (
        destination, shed_by, reason, messages, bytes, first_id, last_id, oldest, newest, contents)
      select target.name, 'keep_failed', format('set aside for longer than %s', target.keep_failed),
             sum(e.messages), sum(e.bytes), min(e.first_id), max(e.last_id), min(e.oldest),
             max(e.newest),
             jsonb_object_agg(
               concat_ws(' ', t.schema_name || '.' || t.table_name,
                 case e.op when 'i' then 'insert' when 'u' then 'update' when 'd' then 'delete'
                   when 't' then 'truncate' when 'r' then 'read' else 'message' end), e.messages)
      from each e
      left join outbox.source t on t.number = e.source
      having count(*) > 0
      returning shed_record.messages into given_up;
      if given_up > 0 then
        destination := target.name;
        done := format('messages given up, since they were set aside for longer than keep_failed: %s',
          given_up);
        return next;
      end if;
    end if;

    if late > 0 or given_up > 0 then
      insert into outbox.expired as x (destination, messages, failed)
      values (target.name, late, coalesce(given_up, 0))
      on conflict on constraint expired_pkey do update
      set messages = x.messages + excluded.messages, failed = x.failed + excluded.failed,
        last_at = clock_timestamp();
      -- It may have some of them in memory, or keys that wait for them.
      perform pg_notify('outbox_control', target.name);
    end if;
  end loop;
end
$$;

comment on function outbox.expire(integer) is
  'Sets aside what is older than its destination''s time_to_live, and gives up what was set aside for
longer than keep_failed. Relays call it in each sweep. up_to: so many of each destination, 100000 at
most. Returns what was done, for which destination; outbox.expired counts it, outbox.shed_record notes
what was given up. Errors: invalid_parameter_value for up_to.';
revoke execute on function outbox.expire(integer) from public;
