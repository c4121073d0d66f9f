-- outbox.status: a row a destination: what is owed, since when, who delivers it, what is wrong.
--
-- In a copy, the reason why nothing is sent stands as the last error. Counts come from the partial
-- indexes. An owner is shown only while a relay's session holds the doorbell's ownership lock.
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
  s.last_error_at
from outbox.destination d
cross join (select outbox.copied() as finding) c
left join outbox.destination_state s on s.destination = d.name
left join (
  select m.destination, count(*) as pending, min(m.id) as first_id
  from outbox.message m
  where m.state = 'pending'
  group by m.destination
) waiting on waiting.destination = d.name
left join outbox.message oldest on oldest.id = waiting.first_id
left join (
  select m.destination,
         count(*) filter (where m.state = 'retry') as retry,
         count(*) filter (where m.state = 'held') as held,
         count(*) filter (where m.state = 'failed') as failed,
         min(m.created_at) filter (where m.state <> 'failed') as oldest
  from outbox.message m
  where m.state in ('retry', 'held', 'failed')
  group by m.destination
) parked on parked.destination = d.name
left join (
  select distinct l.number as doorbell
  from outbox.relay_locks l
  where l.class = 7021002 and l.mode = 'ExclusiveLock' and l.by_relay
) owned on owned.doorbell = d.doorbell;

comment on view outbox.status is 'A row a destination: what is owed, since when, who delivers it, what is wrong.';
