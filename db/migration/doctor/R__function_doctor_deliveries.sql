-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.doctor_deliveries: what outbox.doctor finds of destinations, of the messages that are
-- owed to them, and of relays.
--
-- returns: as outbox.doctor
-- reads:   outbox.status, outbox.relay_locks, the tables of messages and destinations
create or replace function outbox_internal.doctor_deliveries()
returns table (severity text, check_name text, object text, finding text, remedy text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
#variable_conflict use_column
begin
  return query
  with locks as materialized (
    select l.* from outbox.relay_locks l
  ),
  status as materialized (
    -- Once: it counts everything that is owed.
    select * from outbox.status
  )
  select 'error', 'no relay', s.destination, format('no relay owns it; messages that wait: %s', s.pending + s.retry + s.held),
    'Start one: outbox-relay run'
  from status s
  where not s.paused and not exists (
    select from locks l
    join outbox.destination d on d.name = s.destination and d.doorbell = l.number
    where l.mode = 'ExclusiveLock' and l.class = 7021002 and l.by_relay)

  union all
  -- Anybody who may connect can take any advisory lock.
  select 'error', 'foreign lock', format('session %s', l.pid),
    format('%s (%s) holds locks that are the relays'' and cannot be one: %s', l.login, l.application_name,
      string_agg(distinct case l.class
        when 7021001 then 'relays poll, and every writer rings'
        when 7021002 then format('no relay delivers for %s', coalesce(o.destinations, 'destinations to come'))
        else 'a relay whose session has this number connects once more' end, '; ')),
    format('select pg_terminate_backend(%s);', l.pid)
  from locks l
  left join lateral (
    select string_agg(d.name, ', ' order by d.name) as destinations from outbox.destination d where d.doorbell = l.number
  ) o on l.class = 7021002
  where not l.by_relay and (l.class = 7021002 or l.mode = 'ExclusiveLock')
  group by l.pid, l.login, l.application_name

  union all
  select 'warning', 'destination down', s.destination, format('cannot be reached since %s: %s', s.down_since, s.last_error),
    format('Mend the receiver at %s, or: select outbox.pause(%L);', s.uri, s.destination)
  from status s
  where s.down_since is not null and not s.paused

  union all
  select 'error', 'stalled', s.destination,
    format('relay %s owns it, and nothing of it has been sent or settled since %s; messages that wait: %s', s.owner, date_trunc('second', s.stalled_since), s.pending + s.retry + s.held)
      || coalesce('; last error: ' || s.last_error, ''),
    format('Look into the log of relay %s, and start it again; that it looks at once: select outbox.wake(%L);', s.owner, s.destination)
  from status s
  where s.stalled_since is not null and s.owner is not null

  union all
  select 'warning', 'truncate refused', s.destination,
    format('all later messages wait for truncate %s, which was refused: %s; it is tried again at %s; messages that wait: %s', m.id, m.last_error, date_trunc('second', m.due_at), s.pending),
    format('select outbox.requeue(%s); or: select outbox.discard(%1$s);', m.id)
  from outbox.message m
  join status s on s.destination = m.destination
  where m.state = 'retry' and m.op = 'truncate' and s.pending > 0

  union all
  select 'info', 'messages held', s.destination,
    format('messages that wait behind others of their key, which were refused%s: %s', case d.on_failure when 'hold' then ' or set aside' else '' end, s.held),
    format('select id, key, state, attempts, due_at, last_error from outbox.message where destination = %L and state in (''retry'', ''failed'');', s.destination)
  from status s
  join outbox.destination d on d.name = s.destination
  where s.held > 0

  union all
  select 'info', 'seeding', 'outbox.pending',
    format('members of %s write without messages where they say set outbox.capture = off',
      split_part(encode(t.tgargs, 'escape'), E'\\000', 1)),
    'When the tables are loaded: select outbox.stop_seeding();'
  from pg_trigger t
  where t.tgrelid = 'outbox.pending'::regclass and t.tgname = 'not_written_seeding'

  union all
  select 'info', 'keys held by hand', h.destination,
    format('keys whose messages wait for a person: %s; the oldest since %s', count(*), date_trunc('second', min(h.held_at))),
    format('select * from outbox.held_key where destination = %L; then: select outbox.release_key(%1$L, key) for each that may go', h.destination)
  from outbox.held_key h
  group by h.destination

  union all
  select case when s.last_error like 'paused, %' then 'warning' else 'info' end, 'destination paused', s.destination, format('messages that wait: %s', s.pending + s.retry + s.held)
    || case when s.last_error like 'paused, %' then '; ' || s.last_error else '' end, format('select outbox.resume(%L);', s.destination)
  from status s
  where s.paused

  union all
  select 'warning', 'messages failed', s.destination, format('messages set aside: %s', s.failed),
    format('select * from outbox.failed where destination = %L; then: select outbox.requeue_failed(%L);', s.destination, s.destination)
  from status s
  where s.failed > 0

  union all
  select 'error', 'capturing stopped', s.destination,
    format('nothing has been written for it since %s: %s; what is missing then needs a backfill',
      date_trunc('second', s.capture_stopped_since), s.capture_stopped_for),
    format('select outbox.start_capturing(%L);', s.destination)
  from status s
  where s.capture_stopped_since is not null

  union all
  -- As much as the alert rule says, or within a day.
  select 'warning', 'owed limit', s.destination,
    format('%s are owed and %s set aside, of max_owed_bytes %s, %s; then: %s',
      pg_size_pretty(s.owed_bytes), pg_size_pretty(s.failed_bytes), pg_size_pretty(s.max_owed_bytes),
      case when s.limit_at <= clock_timestamp() then 'reached ' || date_trunc('second', s.limit_at)
        when s.limit_at is not null then 'reached about ' || date_trunc('second', s.limit_at)
        else 'not growing' end,
      d.on_max_owed),
    format('Mend the receiver at %s, or: select outbox.shed(%L);', s.uri, s.destination)
  from status s
  join outbox.destination d on d.name = s.destination
  where s.capture_stopped_since is null
    and (s.owed_bytes + s.failed_bytes > 0.8 * s.max_owed_bytes
      or s.limit_at < clock_timestamp() + interval '1 day')

  union all
  select 'error', 'messages without destination', coalesce(n.name, 'number ' || m.destination),
    format('messages owed to a destination that does not exist: %s', m.messages),
    case
      when n.name is null then 'select outbox.register_captures();'
      else format('insert into outbox.destination (name, uri) values (%L, ''tcp://host:port''); or: delete from outbox.message where destination = %L;', n.name, n.name)
    end
  from (
    select o.destination, sum(o.messages) as messages
    from (
      select p.destination, count(*) as messages from outbox.pending p group by p.destination
      union all
      select p.destination, count(*) from outbox.parked p where p.state <> 'delivered' group by p.destination
    ) o
    where not exists (select from outbox.destination d where d.number = o.destination)
    group by o.destination
  ) m
  left join outbox.destination_number n on n.number = m.destination;
end
$$;

comment on function outbox_internal.doctor_deliveries() is
  'For outbox.doctor: destinations, messages and relays.';
revoke execute on function outbox_internal.doctor_deliveries() from public;
