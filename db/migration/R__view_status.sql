-- outbox.status: a row a destination: what is owed, since when, who delivers it, what is wrong.
--
-- In a copy, the reason why nothing is sent stands as the last error. Counts come from the partial
-- indexes. An owner is shown only while a relay's session holds the doorbell's ownership lock.
--
-- stalled_since: messages are owed that could be sent, the destination is neither down nor paused, and for 30 seconds nothing of
-- it was settled: neither delivered nor refused nor set aside. That is known here without the relay, which may be what stands
-- still. A message that is in flight may wait for its answer as long as the relay says (ack_timeout), while there is a relay.
-- What waits behind a truncate that was refused, or with its key behind a refused message, waits for that. The oldest message is
-- looked for only where nothing has moved for so long.
create or replace view outbox.status as
select
  d.name as destination,
  d.uri,
  d.paused,
  coalesce(waiting.pending, 0) as pending,
  coalesce(parked.retry, 0) as retry,
  coalesce(parked.held, 0) as held,
  coalesce(parked.failed, 0) as failed,
  clock_timestamp() - least(oldest.created_at, parked.oldest) as oldest_age,
  case when owned.doorbell is not null then s.owner end as owner,
  coalesce(s.epoch, 0) as epoch,
  s.down_since,
  coalesce(
    c.finding || '; nothing is sent until select outbox.adopt() (this is the one now) '
      'or select outbox.release_all() (this is a copy)',
    s.last_error) as last_error,
  s.last_error_at,
  case
    when d.paused or s.down_since is not null or parked.truncate_refused or c.finding is not null then null
    when moved.at >= clock_timestamp() - interval '30 seconds' then null
    when waiting.pending > 0 or parked.retry > 0 then (
      select greatest(moved.at, ready.since)
      from (
        select least(
          -- One destination, said without an equality, which would make its part of the order redundant: the order by the id
          -- that is left would be walked along the primary key, over what was delivered.
          (select greatest(m.created_at, m.due_at) from outbox.message m
            where m.destination >= d.name and m.destination <= d.name and m.state = 'pending'
              and (m.due_at is null or m.due_at <= clock_timestamp())
            order by m.destination, m.id limit 1),
          (select m.due_at from outbox.message m
            where m.destination = d.name and m.state in ('pending', 'retry') and m.due_at <= clock_timestamp()
            order by m.due_at limit 1)) as since
      ) ready
      where ready.since < clock_timestamp() - interval '30 seconds')
    -- Held, and nothing is there that they could wait for.
    when parked.held > 0 and (d.on_failure = 'skip' or parked.failed = 0) then greatest(moved.at, parked.oldest)
  end as stalled_since
from outbox.destination d
cross join (select outbox.copied() as finding offset 0) c
left join outbox.destination_state s on s.destination = d.name
left join (
  select m.destination, count(*) as pending, min(m.id) as first_id
  from outbox.message m
  where m.state = 'pending'
  group by m.destination
) waiting on waiting.destination = d.name
-- Looked up once each: as a join it would be planned as a walk over the whole table for each destination.
left join lateral (
  select m.created_at from outbox.message m where m.id = waiting.first_id offset 0
) oldest on true
left join (
  select m.destination,
         count(*) filter (where m.state = 'retry') as retry,
         count(*) filter (where m.state = 'held') as held,
         count(*) filter (where m.state = 'failed') as failed,
         min(m.created_at) filter (where m.state <> 'failed') as oldest,
         bool_or(m.state = 'retry' and m.op = 'truncate' and m.due_at > clock_timestamp() - interval '30 seconds') as truncate_refused
  from outbox.message m
  where m.state in ('retry', 'held', 'failed')
  group by m.destination
) parked on parked.destination = d.name
left join (
  select distinct l.number as doorbell
  from outbox.relay_locks l
  where l.class = 7021002 and l.mode = 'ExclusiveLock' and l.by_relay
) owned on owned.doorbell = d.doorbell
cross join lateral (
  select greatest(s.progress_at, s.owned_since, case when owned.doorbell is not null then s.answer_due_at end) as at
) moved;

comment on view outbox.status is 'A row a destination: what is owed, since when, who delivers it, what is wrong.';
