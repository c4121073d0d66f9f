-- SPDX-License-Identifier: Apache-2.0
-- Tables of the outbox: where messages go, what is owed, what is captured.
-- All that people read, write and call lives in the schema "outbox"; Flyway makes the schema and
-- keeps its history table inside it. What these are made of lives in "outbox_internal".
-- Functions, triggers and views stand in the folders beside this file, by what they are for:
--   capture      tables whose changes become messages
--   backfill     messages for the rows that a table has already
--   publish      messages of the application's own making
--   message      the view outbox.message, ids, the doorbell
--   destination  what a destination may be, and its number
--   replay       kept messages again
--   operate      requeue, discard, pause, resume, wake; status and failed
--   disk         how much is owed, its limit, stop capturing, shed
--   identity     which database this is; the sequence of ids
--   doctor       what is wrong, and what mends it
--   roles        roles and grants, which come last

comment on schema outbox is 'Outbox Relay: changes that are owed to receivers, and where they go.';

-- Functions of this schema run with the rights of their owner, and call each other by name: so
-- nobody else may have put anything there.
do $$
declare
  internal constant oid := to_regnamespace('outbox_internal');
begin
  if internal is null then
    create schema outbox_internal;
  elsif exists (select from pg_catalog.pg_class c where c.relnamespace = internal)
      or exists (select from pg_catalog.pg_proc p where p.pronamespace = internal)
      or exists (select from pg_catalog.pg_type t where t.typnamespace = internal) then
    raise exception 'the schema outbox_internal is there already, and is not empty. If it is left over from a schema outbox that was dropped: drop schema outbox_internal cascade; if it is somebody else''s, rename it or use another database'
      using errcode = 'duplicate_schema';
  elsif not pg_catalog.pg_has_role(
      (select n.nspowner from pg_catalog.pg_namespace n where n.oid = internal), 'usage') then
    raise exception 'the schema outbox_internal is there already, and belongs to somebody else'
      using errcode = 'duplicate_schema';
  end if;
end
$$;

comment on schema outbox_internal is
  'Outbox Relay: what the schema outbox is made of. Nothing here is called by people.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Where messages go. A plain INSERT makes a destination; relays pick it up without a restart.
-- ---------------------------------------------------------------------------------------------------------------------
create table outbox.destination (
  id              integer generated always as identity,
  name            text collate "C" not null,
  number          integer not null,
  uri             text not null,
  format          text not null default 'change',
  framing         text not null default 'ndjson',
  ack             text not null default 'line',
  ordering        text not null default 'key',
  max_attempts    integer not null default 10,
  retry_initial   interval not null default '1 second',
  retry_max       interval not null default '5 minutes',
  ack_timeout     interval not null default '30 seconds',
  connect_timeout interval not null default '5 seconds',
  max_in_flight   integer not null default 1000,
  on_failure      text not null default 'skip',
  keep_delivered  interval,
  time_to_live    interval,
  keep_failed     interval,
  paused          boolean not null default false,
  failure_budget  double precision,
  failure_budget_answers integer not null default 100,
  max_rate        integer,
  max_owed_bytes  bigint,
  on_max_owed     text not null default 'alarm',
  options         jsonb not null default '{}',
  doorbell        integer not null generated always as (id % 64) stored,
  created_at      timestamptz not null default now(),
  constraint destination_pkey primary key (name),
  constraint destination_id_key unique (id),
  constraint destination_id_check check (id > 0),
  constraint destination_number_key unique (number),
  constraint destination_name_check check (name ~ '^[A-Za-z0-9_.-]{1,63}$'),
  constraint destination_uri_check check (
    case when uri ~ '^https?://'
    then uri ~ '^https?://([^]/?#@:[[:space:]]+|\[[0-9A-Fa-f:.%]+\])(:[0-9]{1,5})?(/[!-"$-~]*)?$'
      and coalesce(substring(uri from '^https?://[^/]*[^/:]:([0-9]{1,5})(?:/|$)')::integer, 1) between 1 and 65535
    when uri ~ '^(nats|tls[+]nats|kafka|tls[+]kafka|amqps?)://'
    then uri ~ '^[a-z+]+://(([^],/?#@:[[:space:]]+|\[[0-9A-Fa-f:.]+\])(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?(,|(?=/)|$)){1,10}(/[!-"$-~]*)?$'
      and uri !~ '^[^/]*//[^/]*,(/|$)'
    else uri ~ '^(tcp|tls)://([^]/?#@:[[:space:]]+|\[[0-9A-Fa-f:.%]+\]):[0-9]{1,5}$'
      and substring(uri from '[0-9]{1,5}$')::integer between 1 and 65535 end),
  constraint destination_format_check check (format in ('change', 'td', 'cloudevents', 'debezium', 'payload')),
  constraint destination_framing_check check (framing in ('ndjson', 'length', 'raw')),
  constraint destination_ack_check check (ack in ('line', 'close', 'none')),
  constraint destination_ordering_check check (ordering in ('key', 'none')),
  constraint destination_max_attempts_check check (max_attempts between 1 and 1000000),
  constraint destination_retry_initial_check check (retry_initial between interval '1 millisecond' and interval '1 day'),
  constraint destination_retry_max_check check (retry_max between retry_initial and interval '30 days'),
  constraint destination_ack_timeout_check check (ack_timeout between interval '10 milliseconds' and interval '1 day'),
  constraint destination_connect_timeout_check check (connect_timeout between interval '10 milliseconds' and interval '1 hour'),
  constraint destination_max_in_flight_check check (max_in_flight between 1 and 100000),
  constraint destination_on_failure_check check (on_failure in ('skip', 'hold')),
  constraint destination_keep_delivered_check check (keep_delivered between interval '0' and interval '100 years'),
  constraint destination_time_to_live_check check (time_to_live between interval '1 second' and interval '100 years'),
  constraint destination_keep_failed_check check (keep_failed between interval '0' and interval '100 years'),
  constraint destination_failure_budget_check check (failure_budget >= 0 and failure_budget < 1),
  constraint destination_failure_budget_answers_check check (failure_budget_answers between 20 and 10000),
  constraint destination_max_rate_check check (max_rate between 1 and 1000000),
  constraint destination_max_owed_bytes_check check (max_owed_bytes > 0),
  constraint destination_on_max_owed_check check (on_max_owed in ('alarm', 'stop_capturing', 'shed')),
  constraint destination_options_check check (jsonb_typeof(options) = 'object')
);

comment on table outbox.destination is 'Where messages go. A plain INSERT makes a destination; relays pick it up without a restart.';
comment on column outbox.destination.id is
  'A number that relays and triggers have for it; a destination that is made anew has another.';
comment on column outbox.destination.name is
  'By which people, captures and messages call it. Letters, digits, _ . and -, at most 63.';
comment on column outbox.destination.number is
  'outbox.destination_number.number of the name; set by a trigger, whatever is given.';
comment on column outbox.destination.uri is
  'tcp://host:port, tls://host:port, http://host/path, https://host/path, nats://host/subject, tls+nats://host/subject, kafka://host/topic, tls+kafka://host/topic, amqp://host/vhost or amqps://host/vhost.';
comment on column outbox.destination.format is
  'How a message is written: change, td, cloudevents, debezium or payload.';
comment on column outbox.destination.framing is
  'How messages are told apart: ndjson (a line each), length (4 bytes before each) or raw (a connection each).';
comment on column outbox.destination.ack is
  'What acknowledges: line (an answer a message), close (of the connection) or none (it was handed over).';
comment on column outbox.destination.ordering is
  'key: messages of one key go one after the other; none: each for itself.';
comment on column outbox.destination.max_attempts is
  'After so many refusals a message is set aside.';
comment on column outbox.destination.retry_initial is
  'How long a message waits after its first refusal; doubled with each further one.';
comment on column outbox.destination.retry_max is 'The longest wait between two attempts.';
comment on column outbox.destination.ack_timeout is 'How long an answer is waited for.';
comment on column outbox.destination.connect_timeout is 'How long a connection is waited for.';
comment on column outbox.destination.max_in_flight is
  'So many messages may be sent and not yet answered.';
comment on column outbox.destination.on_failure is
  'When a message is set aside, later ones of its key: skip (go on) or hold (wait for a person).';
comment on column outbox.destination.keep_delivered is
  'How long delivered messages are kept; null: not at all.';
comment on column outbox.destination.time_to_live is
  'What is older and still owed is set aside instead of sent, at the next sweep; null: nothing is.';
comment on column outbox.destination.keep_failed is
  'What was set aside so long ago is given up, at the next sweep; null: nothing is.';
comment on column outbox.destination.paused is
  'Nothing is sent while this is true; messages stay owed.';
comment on column outbox.destination.failure_budget is
  'The share of the last failure_budget_answers that may be refusals: one more, and it is paused; null: any.';
comment on column outbox.destination.failure_budget_answers is
  'Of so many answers failure_budget speaks.';
comment on column outbox.destination.max_rate is
  'So many messages a second are sent at most; null: as many as it takes.';
comment on column outbox.destination.max_owed_bytes is
  'When what is owed or set aside takes so many bytes, on_max_owed says what happens; null: no limit.';
comment on column outbox.destination.on_max_owed is
  'alarm (say so), stop_capturing (write no more messages), or shed (give up the oldest).';
comment on column outbox.destination.options is
  'Further settings of the transport, by outbox_internal.transport_options; secrets are named, never held.';
comment on column outbox.destination.doorbell is
  'Which doorbell wakes its relay: many destinations may share one.';
comment on column outbox.destination.created_at is 'When the row was made.';

-- What relays report of a destination: kept apart from the settings, so that a report never looks like a change of settings.
create table outbox.destination_state (
  destination   text collate "C" not null,
  epoch         bigint not null default 0,
  owner         text,
  owned_since   timestamptz,
  down_since    timestamptz,
  last_error    text,
  last_error_at timestamptz,
  progress_at   timestamptz,
  answer_due_at timestamptz,
  mark_snapshot pg_snapshot,
  mark_first_id bigint,
  mark_earlier  bigint[],
  mark_cluster  bigint,
  capture_stopped_at  timestamptz,
  capture_stopped_for text,
  constraint destination_state_pkey primary key (destination),
  constraint destination_state_destination_fkey foreign key (destination)
    references outbox.destination (name) on update cascade on delete cascade
);

comment on table outbox.destination_state is 'What relays report of a destination; outbox.status shows it.';
comment on column outbox.destination_state.destination is 'outbox.destination.name.';
comment on column outbox.destination_state.epoch is
  'Grows with each take-over by a relay; receivers see it.';
comment on column outbox.destination_state.owner is
  'The relay that took it over last, by its --name.';
comment on column outbox.destination_state.owned_since is 'When it did.';
comment on column outbox.destination_state.down_since is
  'Since when it cannot be reached; null while it can.';
comment on column outbox.destination_state.last_error is
  'The last thing that went wrong with it, null when all is well again; from "paused, " on: a relay has paused it.';
comment on column outbox.destination_state.last_error_at is 'When that was.';
comment on column outbox.destination_state.progress_at is
  'When a message of it was last settled, as of some seconds ago.';
comment on column outbox.destination_state.answer_due_at is
  'Until then an answer of the receiver is waited for.';
comment on column outbox.destination_state.mark_snapshot is
  'Of what it shows, each pending message without a due time has an id of mark_first_id or more, or one of mark_earlier.';
comment on column outbox.destination_state.mark_first_id is 'See mark_snapshot.';
comment on column outbox.destination_state.mark_earlier is 'See mark_snapshot.';
comment on column outbox.destination_state.mark_cluster is
  'Whose transaction ids the snapshot speaks of: pg_control_system().system_identifier.';

comment on column outbox.destination_state.capture_stopped_at is
  'Since when nothing new is written for it; null while it is captured.';
comment on column outbox.destination_state.capture_stopped_for is 'Why.';

-- Keys that people hold. Relays read them with the settings.
create table outbox.held_key (
  destination text collate "C" not null,
  source      integer not null,
  gate        text collate "C" not null,
  key         text collate "C" not null,
  held_at     timestamptz not null default clock_timestamp(),
  held_by     text not null default session_user,
  reason      text,
  constraint held_key_pkey primary key (destination, source, gate),
  constraint held_key_destination_fkey foreign key (destination)
    references outbox.destination (name) on update cascade on delete cascade
);

comment on table outbox.held_key is
  'Keys whose messages wait until a person releases them: outbox.hold_key, outbox.release_key.';
comment on column outbox.held_key.destination is 'outbox.destination.name.';
comment on column outbox.held_key.source is
  'outbox.source.number, 0 for messages of outbox.publish.';
comment on column outbox.held_key.gate is 'The key, of a large one its hash.';
comment on column outbox.held_key.key is 'The key.';
comment on column outbox.held_key.held_at is 'Since when.';
comment on column outbox.held_key.held_by is 'The login that holds it.';
comment on column outbox.held_key.reason is 'What it said.';

-- What outbox.measure has found. Kept apart from the state, since it changes each minute.
create table outbox.owed (
  destination text collate "C" not null,
  messages    bigint not null,
  bytes       bigint not null,
  failed      bigint not null default 0,
  failed_bytes bigint not null default 0,
  growth      double precision not null default 0,
  limit_since timestamptz,
  measured_at timestamptz not null default clock_timestamp(),
  constraint owed_pkey primary key (destination),
  constraint owed_destination_fkey foreign key (destination)
    references outbox.destination (name) on update cascade on delete cascade
);

comment on table outbox.owed is
  'How much is owed to each destination, as estimated last; outbox.status shows it.';
comment on column outbox.owed.destination is 'outbox.destination.name.';
comment on column outbox.owed.messages is 'How many messages are owed, set aside ones not counted; estimated.';
comment on column outbox.owed.bytes is 'What they take, large values too, indexes not; estimated.';
comment on column outbox.owed.failed is 'How many messages were set aside; estimated.';
comment on column outbox.owed.failed_bytes is 'What these take; estimated.';
comment on column outbox.owed.growth is
  'By so many bytes a second both grow, averaged over some ten minutes.';
comment on column outbox.owed.limit_since is
  'Since when both take more than the destination''s max_owed_bytes; null while they do not.';
comment on column outbox.owed.measured_at is 'When that was estimated.';

-- What has expired, counted.
create table outbox.expired (
  destination text collate "C" not null,
  messages    bigint not null default 0,
  failed      bigint not null default 0,
  last_at     timestamptz not null default clock_timestamp(),
  constraint expired_pkey primary key (destination),
  constraint expired_destination_fkey foreign key (destination)
    references outbox.destination (name) on update cascade on delete cascade
);

comment on table outbox.expired is 'How much outbox.expire has set aside or given up.';
comment on column outbox.expired.destination is 'outbox.destination.name.';
comment on column outbox.expired.messages is
  'Messages that were older than time_to_live, so were set aside.';
comment on column outbox.expired.failed is
  'Messages that were set aside for longer than keep_failed, so were given up.';
comment on column outbox.expired.last_at is 'When that was last.';

-- What was given up: to save the disk, or since it had failed for long. Rows stay when the destination goes.
create table outbox.shed_record (
  id          bigint generated always as identity,
  destination text collate "C" not null,
  shed_by     text not null,
  reason      text,
  begun_at    timestamptz not null default clock_timestamp(),
  ended_at    timestamptz not null default clock_timestamp(),
  messages    bigint not null,
  bytes       bigint not null,
  first_id    bigint not null,
  last_id     bigint not null,
  oldest      timestamptz not null,
  newest      timestamptz not null,
  contents    jsonb not null,
  constraint shed_record_pkey primary key (id)
);

comment on table outbox.shed_record is
  'What outbox.shed and outbox.expire have given up: whose receiver needs these changes made good.';
comment on column outbox.shed_record.id is 'The number of the run.';
comment on column outbox.shed_record.destination is 'outbox.destination.name, now or once.';
comment on column outbox.shed_record.shed_by is 'The login, or the setting: max_owed_bytes, keep_failed.';
comment on column outbox.shed_record.reason is 'What the caller said.';
comment on column outbox.shed_record.begun_at is 'When its first step was.';
comment on column outbox.shed_record.ended_at is 'When its last step was.';
comment on column outbox.shed_record.messages is 'How many.';
comment on column outbox.shed_record.bytes is 'What they took.';
comment on column outbox.shed_record.first_id is 'The smallest id of them.';
comment on column outbox.shed_record.last_id is 'The largest id of them.';
comment on column outbox.shed_record.oldest is 'When the first change was written.';
comment on column outbox.shed_record.newest is 'When the last change was written.';
comment on column outbox.shed_record.contents is
  'How many of each table and operation: {"public.orders insert": 17}.';

-- Numbers of destinations, by which messages and captures know them. A number belongs to its name for ever: rows are only
-- added, so that no message is ever without a name, whatever becomes of its destination.
create table outbox.destination_number (
  number integer not null,
  name   text collate "C" not null,
  constraint destination_number_pkey primary key (number),
  constraint destination_number_name_key unique (name)
);

comment on table outbox.destination_number is
  'Numbers of destinations, there are or were; a number belongs to its name for ever.';
comment on column outbox.destination_number.number is
  'What messages and captures know the destination by.';
comment on column outbox.destination_number.name is 'outbox.destination.name, now or once.';

-- Numbers of captured tables. A number stays with its table through a rename: it keeps the order of the table's messages. The
-- names are those at the first capture and never change; a message of a table that is called otherwise by then has its own.
create table outbox.source (
  number      integer not null,
  schema_name text collate "C" not null,
  table_name  text collate "C" not null,
  relation    regclass,
  constraint source_pkey primary key (number)
);
create index source_name on outbox.source (schema_name, table_name);

comment on table outbox.source is
  'Numbers of captured tables, there are or were; a number stays with its table through a rename.';
comment on column outbox.source.number is 'What messages and captures know the table by.';
comment on column outbox.source.schema_name is 'The name at the first capture; it never changes.';
comment on column outbox.source.table_name is 'The name at the first capture; it never changes.';
comment on column outbox.source.relation is
  'The table that has the number now, null when nobody knows.';

-- ---------------------------------------------------------------------------------------------------------------------
-- What is owed, in two tables: "pending", which every captured write inserts into, and "parked" for all that is rare: refused,
-- held, set aside, delivered and kept, due later. People read and write both as the view outbox.message.
-- INVARIANT: a row of "pending" is a message that is still owed, and so is one of "parked" in a state other than 'delivered'
-- (or it is set aside, 'failed'); a relay removes it only after the receiver's acknowledgement. A message is in one of the two: it
-- moves within one statement, under its id.
-- No foreign keys: they would make every captured write lock what they refer to.
-- ---------------------------------------------------------------------------------------------------------------------
create table outbox.pending (
  id           bigint generated by default as identity (cache 1),
  xid          xid8 not null default pg_current_xact_id(),
  created_at   timestamptz not null default clock_timestamp(),
  destination  integer not null,
  source       integer not null default 0,
  op           "char" not null,
  key          text collate "C",
  new_row      json,
  old_row      json,
  -- Rare, and free while they are null.
  type         text,
  headers      json,
  tx           xid8,
  schema_name  text collate "C",
  table_name   text collate "C",
  expires_at   timestamptz,
  first_failed_at timestamptz,
  requeued     integer,
  requeued_by  text,
  -- The destination first: the page walks it, and an id need be unique in a destination only.
  constraint pending_pkey primary key (destination, id)
);

comment on table outbox.pending is
  'Messages that wait for nothing but their delivery. People look at the view outbox.message.';
comment on column outbox.pending.id is
  'The message''s number, drawn before its transaction committed.';
comment on column outbox.pending.xid is
  'The transaction by which the row became pending: what the relay has not seen is told by it.';
comment on column outbox.pending.created_at is
  'When the change was written; with the id it names the message for ever.';
comment on column outbox.pending.destination is 'outbox.destination_number.number.';
comment on column outbox.pending.source is
  'outbox.source.number, 0 for a message of outbox.publish.';
comment on column outbox.pending.op is
  'The first letter of insert, update, delete, truncate, read (backfill) or message (outbox.publish).';
comment on column outbox.pending.key is
  'Messages of one key and source go in order; null: no order.';
comment on column outbox.pending.new_row is 'The row after the change, or what was published.';
comment on column outbox.pending.old_row is 'The row before the change.';
comment on column outbox.pending.type is 'The name that outbox.publish was given.';
comment on column outbox.pending.headers is
  'What the setting outbox.headers said, or outbox.publish was given.';
comment on column outbox.pending.tx is 'The transaction of the change, where xid is another one.';
comment on column outbox.pending.schema_name is
  'The table''s name at the time of the change, where it is not that of outbox.source.';
comment on column outbox.pending.table_name is 'As schema_name.';
comment on column outbox.pending.expires_at is
  'When it is worth nothing any more: it is set aside then instead of sent; null: never.';
comment on column outbox.pending.first_failed_at is
  'When it was set aside for the first time; null: never.';
comment on column outbox.pending.requeued is
  'How often somebody has made it owed again; null: never.';
comment on column outbox.pending.requeued_by is 'The login that did so last.';

-- The tail: what was not visible in the last snapshot.
create index pending_tail on outbox.pending (xid);

create table outbox.parked (
  id           bigint not null,
  xid          xid8 not null,
  created_at   timestamptz not null,
  destination  integer not null,
  source       integer not null,
  op           "char" not null,
  key          text collate "C",
  new_row      json,
  old_row      json,
  type         text,
  headers      json,
  tx           xid8,
  schema_name  text collate "C",
  table_name   text collate "C",
  expires_at   timestamptz,
  first_failed_at timestamptz,
  requeued     integer,
  requeued_by  text,
  state        text collate "C" not null,
  attempts     integer not null default 0,
  due_at       timestamptz,
  delivered_at timestamptz,
  failed_at    timestamptz,
  last_error   text,
  constraint parked_pkey primary key (destination, id),
  constraint parked_state_check check (
    state in ('retry', 'held', 'failed', 'delivered') or state = 'pending' and due_at is not null)
);

comment on table outbox.parked is
  'Messages that were refused, wait behind a refused one, are set aside, kept, or due later. People look at the view outbox.message.';
comment on column outbox.parked.id is
  'The message''s number, drawn before its transaction committed.';
comment on column outbox.parked.xid is
  'The transaction by which the row came here or was published.';
comment on column outbox.parked.created_at is
  'When the change was written; with the id it names the message for ever.';
comment on column outbox.parked.destination is 'outbox.destination_number.number.';
comment on column outbox.parked.source is
  'outbox.source.number, 0 for a message of outbox.publish.';
comment on column outbox.parked.op is
  'The first letter of insert, update, delete, truncate, read (backfill) or message (outbox.publish).';
comment on column outbox.parked.key is
  'Messages of one key and source go in order; null: no order.';
comment on column outbox.parked.new_row is 'The row after the change, or what was published.';
comment on column outbox.parked.old_row is 'The row before the change.';
comment on column outbox.parked.type is 'The name that outbox.publish was given.';
comment on column outbox.parked.headers is
  'What the setting outbox.headers said, or outbox.publish was given.';
comment on column outbox.parked.tx is 'The transaction of the change, where xid is another one.';
comment on column outbox.parked.schema_name is
  'The table''s name at the time of the change, where it is not that of outbox.source.';
comment on column outbox.parked.table_name is 'As schema_name.';
comment on column outbox.parked.expires_at is
  'When it is worth nothing any more: it is set aside then instead of sent; null: never.';
comment on column outbox.parked.first_failed_at is
  'When it was set aside for the first time; null: never.';
comment on column outbox.parked.requeued is
  'How often somebody has made it owed again; null: never.';
comment on column outbox.parked.requeued_by is 'The login that did so last.';
comment on column outbox.parked.state is
  'retry (refused, due_at says when next), held (behind one of its key), failed (set aside), delivered (kept), pending (published for later, due_at says when).';
comment on column outbox.parked.attempts is 'How often it was refused, since it was last requeued.';
comment on column outbox.parked.due_at is
  'When it is sent next, or first; in the database''s clock.';
comment on column outbox.parked.delivered_at is 'When it was acknowledged.';
comment on column outbox.parked.failed_at is 'When it was set aside, while it is.';
comment on column outbox.parked.last_error is 'Why it was refused last.';

-- What was published for later is new once, like everything else.
create index parked_tail on outbox.parked (xid) where state = 'pending';
-- In these the destination stands as an expression, and the statements that walk them ask for it in
-- the same words: so the primary key cannot be walked in their place, over all that is parked.
create index parked_due on outbox.parked ((destination + 0), due_at)
  where due_at is not null and state in ('pending', 'retry');
-- A large key stands here as its hash: an index takes no more than 2.7 kB, and a key may be of any
-- size. The id stands here as an expression, so that an order by it leaves this index alone.
create index parked_gate on outbox.parked (
  (destination + 0), source,
  (case when octet_length(key) <= 200 then key else 'hash ' || hashtextextended(key, 0)::text end),
  (id + 0))
  where state in ('retry', 'held', 'failed');
-- What was set aside long ago.
create index parked_failed on outbox.parked ((destination + 0), failed_at) where state = 'failed';
-- What is kept, by its key. Said in other words than parked_delivered: none serves in the other's place.
create index parked_kept on outbox.parked (
  source,
  (case when octet_length(key) <= 200 then key else 'hash ' || hashtextextended(key, 0)::text end),
  (destination + 0), (id + 0))
  where (state || '') = 'delivered';
create index parked_delivered on outbox.parked ((destination + 0), delivered_at) where state = 'delivered';

-- Queue tables: rows live for milliseconds, so vacuum by number of dead rows, not by share, and at full speed. They keep their
-- size: to cut off what is free at the end would lock out the writers.
-- Large values are stored as they are: compressing them would cost the writer more than the few seconds of disk, and the
-- relay bounds its memory by pg_column_size, which is then the true size.
do $$
declare
  queue text;
begin
  foreach queue in array array['pending', 'parked'] loop
    execute format('alter table outbox.%I alter column new_row set storage external, alter column old_row set storage external, '
      'alter column headers set storage external', queue);
    execute format('alter table outbox.%I set (vacuum_truncate = off, toast.vacuum_truncate = off, '
      'autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, '
      'autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000, autovacuum_vacuum_cost_delay = 0, '
      'toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000, toast.autovacuum_vacuum_cost_delay = 0)', queue);
  end loop;
end
$$;

-- Small tables that every look at the view joins: what the planner believes of one that was never
-- analyzed is a thousand rows, and autovacuum by its own rules would never come for a few.
alter table outbox.destination_number set (
  autovacuum_analyze_threshold = 0, autovacuum_analyze_scale_factor = 0);
alter table outbox.source set (
  autovacuum_analyze_threshold = 0, autovacuum_analyze_scale_factor = 0);

-- How a table is captured, beside what the common case needs: the last argument of each capture trigger, as text.
create type outbox_internal.capture_settings as (
  key_names      text[],
  key_numbers    smallint[],
  key_forms      text[],
  column_mode    text,
  column_names   text[],
  column_numbers smallint[],
  include_old    boolean,
  skip_unchanged boolean,
  captured       oid,
  condition      text,
  operations     text[],
  fires          text,
  all_columns    text[]
);

comment on type outbox_internal.capture_settings is
  'How a table is captured: the last argument of each capture trigger, as text.';
comment on column outbox_internal.capture_settings.key_names is
  'The key''s columns, by the names at the time.';
comment on column outbox_internal.capture_settings.key_numbers is
  'Their numbers, pg_attribute.attnum.';
comment on column outbox_internal.capture_settings.key_forms is
  'What makes one text of values that are equal, see outbox_internal.key_form; null: all are taken as they are.';
comment on column outbox_internal.capture_settings.column_mode is
  'all, only or except: what the named columns are.';
comment on column outbox_internal.capture_settings.column_names is
  'The columns that were named, by their names at the time.';
comment on column outbox_internal.capture_settings.column_numbers is
  'Their numbers, 0 for a name that no column bore; for except one more 0.';
comment on column outbox_internal.capture_settings.include_old is
  'Whether the old row of updates and deletes is stored.';
comment on column outbox_internal.capture_settings.skip_unchanged is
  'Whether an update that changes nothing that is sent has no message.';
comment on column outbox_internal.capture_settings.captured is 'The table, by its oid at the time.';
comment on column outbox_internal.capture_settings.condition is 'The condition, as it was given.';
comment on column outbox_internal.capture_settings.operations is
  'The operations that were asked for.';
comment on column outbox_internal.capture_settings.fires is 'origin, always or replica.';
comment on column outbox_internal.capture_settings.all_columns is
  'Where columns are chosen or left out: the names of all at the time, in order.';

-- How far backfills have come: a row a table (each partition is one), removed when the backfill is done.
create table outbox.backfill_progress (
  source        regclass not null,
  destination   text collate "C" not null,
  part          regclass not null,
  filenode      oid not null,
  capture       oid not null,
  condition     text not null,
  next_block    bigint not null,
  end_block     bigint not null,
  locked_places tid[] not null default '{}',
  rows_written  bigint not null default 0,
  started_at    timestamptz not null default clock_timestamp(),
  constraint backfill_progress_pkey primary key (source, destination, part)
);
comment on table outbox.backfill_progress is 'How far backfills have come; rows go when the backfill is done.';
comment on column outbox.backfill_progress.source is 'The captured table.';
comment on column outbox.backfill_progress.destination is 'outbox.destination.name.';
comment on column outbox.backfill_progress.part is
  'The table that is read: source, or a partition of it.';
comment on column outbox.backfill_progress.filenode is
  'Its file: another one means that it was rewritten, and is begun again.';
comment on column outbox.backfill_progress.capture is
  'A trigger by which the table was captured at the start: captured anew means begun anew.';
comment on column outbox.backfill_progress.condition is
  'Which rows, as it was given; empty for all.';
comment on column outbox.backfill_progress.next_block is 'The next block to read.';
comment on column outbox.backfill_progress.end_block is 'How many blocks there were at the start.';
comment on column outbox.backfill_progress.locked_places is
  'Rows that others had locked, to be tried again at the end.';
comment on column outbox.backfill_progress.rows_written is 'Messages so far.';
comment on column outbox.backfill_progress.started_at is 'When the backfill began.';

-- How far replays have come. Rows stay, so that it can be told what was sent again.
create table outbox.replay_progress (
  id             bigint generated always as identity,
  destination    text collate "C" not null,
  to_destination text collate "C" not null,
  sources        integer[],
  keys           text[],
  since          timestamptz,
  until          timestamptz,
  condition      text,
  begin_id       bigint not null default -1,
  after_id       bigint not null default -1,
  end_id         bigint not null,
  messages       bigint not null default 0,
  started_at     timestamptz not null default clock_timestamp(),
  started_by     text not null default session_user,
  step_at        timestamptz not null default clock_timestamp(),
  ended_at       timestamptz,
  cancelled_by   text,
  constraint replay_progress_pkey primary key (id)
);

comment on table outbox.replay_progress is 'Replays, and how far each has come.';
comment on column outbox.replay_progress.id is 'The number of the replay.';
comment on column outbox.replay_progress.destination is
  'outbox.destination.name: whose kept messages are sent again.';
comment on column outbox.replay_progress.to_destination is
  'outbox.destination.name: to which they are sent.';
comment on column outbox.replay_progress.sources is
  'outbox.source.number of the tables; null: all.';
comment on column outbox.replay_progress.keys is 'The keys; null: all.';
comment on column outbox.replay_progress.since is 'Delivered at this time or later; null: any.';
comment on column outbox.replay_progress.until is 'Delivered before this time; null: any.';
comment on column outbox.replay_progress.condition is 'Which, as it was given; null: all.';
comment on column outbox.replay_progress.begin_id is
  'It began behind this outbox.message.id.';
comment on column outbox.replay_progress.after_id is 'It has come to this outbox.message.id.';
comment on column outbox.replay_progress.end_id is 'It ends at this one, the last at its start.';
comment on column outbox.replay_progress.messages is 'So many were written again so far.';
comment on column outbox.replay_progress.started_at is 'When it began.';
comment on column outbox.replay_progress.started_by is 'The login that began it.';
comment on column outbox.replay_progress.step_at is 'When its last step was.';
comment on column outbox.replay_progress.ended_at is 'When it ended; null: it has not.';
comment on column outbox.replay_progress.cancelled_by is
  'The login that ended it by outbox.cancel_replay; null: none has.';

-- Which database this is: a copy of it must not send the copied messages, or its own, to the
-- receivers of the original.

create table outbox.identity (
  only_row          boolean not null default true,
  system_identifier bigint,
  database          oid not null,
  adopted_at        timestamptz not null default clock_timestamp(),
  incarnation       timestamptz not null default clock_timestamp(),
  constraint identity_pkey primary key (only_row),
  constraint identity_only_row_check check (only_row)
);

comment on table outbox.identity is
  'The database whose messages these are. In another one nothing is sent until outbox.adopt().';
comment on column outbox.identity.only_row is 'True: there is one row at most.';
comment on column outbox.identity.system_identifier is
  'Of the cluster, as pg_control_system() tells it; null where that may not be called.';
comment on column outbox.identity.database is 'The database''s oid.';
comment on column outbox.identity.adopted_at is 'When that was noted, or adopted.';
comment on column outbox.identity.incarnation is
  'When the first relay came: another one means that the schema was dropped and made again.';
