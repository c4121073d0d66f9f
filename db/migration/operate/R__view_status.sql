-- SPDX-License-Identifier: Apache-2.0
-- outbox.status: a row a destination: what is owed, since when, who delivers it, what is wrong.
--
-- In a copy, the reason why nothing is sent stands as the last error. Counts come from the two
-- tables' indexes. An owner is shown only while a relay's session holds the doorbell's ownership lock.
--
-- stalled_since: messages are owed that could be sent, the destination is neither down nor paused, and for 30 seconds nothing of
-- it was settled: neither delivered nor refused nor set aside. That is known here without the relay, which may be what stands
-- still. A message that is in flight may wait for its answer as long as the relay says (ack_timeout), while there is a relay.
-- What waits behind a truncate that was refused, or with its key behind a refused message, waits for that.
-- So does what a person holds: while he holds keys, what is due or held is not looked at, nor a truncate.
create or replace view outbox.status as
select
  d.name as destination,
  d.uri,
  d.paused,
  waiting.pending + later.pending as pending,
  parked.retry,
  parked.held,
  parked.failed,
  clock_timestamp() - least(oldest.created_at, later.oldest, parked.oldest) as oldest_age,
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
    when waiting.pending > 0 or later.pending > 0 or parked.retry > 0 then (
      select greatest(moved.at, ready.since)
      from (
        select case when stopped.keys = 0 then least(oldest.created_at, later.due_since)
          when oldest.op <> 't' then oldest.created_at end as since offset 0
      ) ready
      where ready.since < clock_timestamp() - interval '30 seconds')
    -- Held, and nothing is there that they could wait for.
    when parked.held > 0 and stopped.keys = 0 and (d.on_failure = 'skip' or parked.failed = 0) then greatest(moved.at, parked.oldest)
  end as stalled_since,
  o.bytes as owed_bytes,
  round(o.growth * 3600)::bigint as owed_growth,
  d.max_owed_bytes,
  case when o.bytes + o.failed_bytes >= d.max_owed_bytes then o.limit_since
    when o.growth > 0 then o.measured_at
      + least((d.max_owed_bytes - o.bytes - o.failed_bytes) / o.growth, 3e9) * interval '1 second'
  end as limit_at,
  o.measured_at,
  s.capture_stopped_at as capture_stopped_since,
  s.capture_stopped_for,
  o.failed_bytes,
  stopped.keys as held_keys
from outbox.destination d
cross join (select outbox.copied() as finding offset 0) c
left join outbox.destination_state s on s.destination = d.name
left join outbox.owed o on o.destination = d.name
-- Each destination's for itself, along the index of its own: one that is asked for alone must not walk
-- over what others were delivered. Said without an equality, by which the table would be read where one
-- destination is believed to have all of it.
cross join lateral (
  select count(*) as pending, min(m.id) as first_id
  from outbox.pending m
  where m.destination >= d.number and m.destination <= d.number
  offset 0
) waiting
left join lateral (
  select m.created_at, m.op from outbox.pending m
  where m.destination = d.number and m.id = waiting.first_id
  offset 0
) oldest on true
cross join lateral (
  select count(*) filter (where m.state = 'pending') as pending,
         min(m.created_at) filter (where m.state = 'pending') as oldest,
         min(m.due_at) filter (where m.due_at <= clock_timestamp()) as due_since
  from outbox.parked m
  where (m.destination + 0) = d.number and m.due_at is not null and m.state in ('pending', 'retry')
  offset 0
) later
cross join lateral (
  select count(*) filter (where m.state = 'retry') as retry,
         count(*) filter (where m.state = 'held') as held,
         count(*) filter (where m.state = 'failed') as failed,
         min(m.created_at) filter (where m.state <> 'failed') as oldest,
         bool_or(m.state = 'retry' and m.op = 't' and m.due_at > clock_timestamp() - interval '30 seconds') as truncate_refused
  from outbox.parked m
  where (m.destination + 0) = d.number and m.state in ('retry', 'held', 'failed')
  offset 0
) parked
cross join lateral (
  select count(*) as keys from outbox.held_key h where h.destination = d.name
  offset 0
) stopped
left join (
  select distinct l.number as doorbell
  from outbox.relay_locks l
  where l.class = 7021002 and l.mode = 'ExclusiveLock' and l.by_relay
) owned on owned.doorbell = d.doorbell
cross join lateral (
  select greatest(s.progress_at, s.owned_since, case when owned.doorbell is not null then s.answer_due_at end) as at
) moved;

comment on view outbox.status is 'A row a destination: what is owed, since when, who delivers it, what is wrong.';
comment on column outbox.status.destination is 'outbox.destination.name.';
comment on column outbox.status.uri is 'Where it is.';
comment on column outbox.status.paused is 'Whether it is paused; last_error says why, if a relay did it.';
comment on column outbox.status.pending is
  'Messages that wait for nothing but their delivery, or for their time.';
comment on column outbox.status.retry is 'Messages that were refused and are tried again.';
comment on column outbox.status.held is 'Messages that wait behind a refused one of their key.';
comment on column outbox.status.failed is 'Messages that were set aside.';
comment on column outbox.status.oldest_age is
  'The age of the oldest message that is owed, set aside ones not counted.';
comment on column outbox.status.owner is 'The relay that delivers, null when there is none.';
comment on column outbox.status.epoch is 'Grows with each take-over by a relay.';
comment on column outbox.status.down_since is 'Since when it cannot be reached.';
comment on column outbox.status.last_error is 'What went wrong last, or why nothing is sent.';
comment on column outbox.status.last_error_at is 'When that was.';
comment on column outbox.status.stalled_since is
  'Since when messages that could be sent are not; null when all is well, or the reason stands in another column.';
comment on column outbox.status.owed_bytes is
  'What is owed takes so much, without indexes and set aside ones; estimated at measured_at. Null: nothing yet.';
comment on column outbox.status.owed_growth is 'By so many bytes an hour what is owed or set aside grows, or shrinks.';
comment on column outbox.status.max_owed_bytes is 'outbox.destination.max_owed_bytes.';
comment on column outbox.status.limit_at is
  'When max_owed_bytes will be reached if it goes on so, or was; null: there is no limit, or it does not grow.';
comment on column outbox.status.measured_at is 'When owed_bytes was estimated, by outbox.measure.';
comment on column outbox.status.capture_stopped_since is
  'Since when nothing new is written for it: outbox.stop_capturing.';
comment on column outbox.status.capture_stopped_for is 'Why.';
comment on column outbox.status.failed_bytes is
  'What was set aside takes so much, as owed_bytes is estimated; the limit counts both.';
comment on column outbox.status.held_keys is 'How many keys people hold: outbox.held_key.';
