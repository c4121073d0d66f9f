-- Tables of the outbox: where messages go, what is owed, what is captured.
-- Everything lives in the schema "outbox"; Flyway makes the schema and keeps its history table inside it.

comment on schema outbox is 'Outbox Relay: changes that are owed to receivers, and where they go.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Where messages go. A plain INSERT makes a destination; relays pick it up without a restart.
-- ---------------------------------------------------------------------------------------------------------------------
create table outbox.destination (
  id              integer generated always as identity,
  name            text collate "C" not null,
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
  paused          boolean not null default false,
  options         jsonb not null default '{}',
  doorbell        integer not null generated always as (id % 64) stored,
  created_at      timestamptz not null default now(),
  constraint destination_pkey primary key (name),
  constraint destination_id_key unique (id),
  constraint destination_id_check check (id > 0),
  constraint destination_name_check check (name ~ '^[A-Za-z0-9_.-]{1,63}$'),
  constraint destination_uri_check check (
    uri ~ '^(tcp|tls)://([^]/?#@:[[:space:]]+|\[[0-9A-Fa-f:.%]+\]):[0-9]{1,5}$'
    and substring(uri from '[0-9]{1,5}$')::integer between 1 and 65535),
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
  constraint destination_options_check check (jsonb_typeof(options) = 'object')
);

comment on table outbox.destination is 'Where messages go. A plain INSERT makes a destination; relays pick it up without a restart.';

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
  constraint destination_state_pkey primary key (destination),
  constraint destination_state_destination_fkey foreign key (destination)
    references outbox.destination (name) on update cascade on delete cascade
);

comment on table outbox.destination_state is 'What relays report of a destination; outbox.status shows it.';
comment on column outbox.destination_state.progress_at is 'When a message of it was last settled, as of some seconds ago.';
comment on column outbox.destination_state.answer_due_at is 'Until then an answer of the receiver is waited for.';
comment on column outbox.destination_state.mark_snapshot is
  'Of what it shows, each pending message without a due time has an id of mark_first_id or more, or one of mark_earlier.';
comment on column outbox.destination_state.mark_cluster is
  'Whose transaction ids the snapshot speaks of: pg_control_system().system_identifier.';

-- ---------------------------------------------------------------------------------------------------------------------
-- What is owed. INVARIANT: a row in a state other than 'delivered' is a message that is still owed (or set aside, 'failed');
-- a relay removes it only after the receiver's acknowledgement.
-- No foreign key to outbox.destination: it would make every captured write lock the destination's row.
-- ---------------------------------------------------------------------------------------------------------------------
create table outbox.message (
  id            bigint generated by default as identity (cache 1),
  xid           xid8 not null default pg_current_xact_id(),
  created_at    timestamptz not null default clock_timestamp(),
  attempts      integer not null default 0,
  destination   text collate "C" not null,
  op            text collate "C" not null,
  state         text collate "C" not null default 'pending',
  source_schema text collate "C",
  source_table  text collate "C",
  key           text collate "C",
  type          text,
  new_row       json,
  old_row       json,
  headers       json,
  due_at        timestamptz,
  delivered_at  timestamptz,
  last_error    text,
  -- No CHECK on op and state: it would cost each captured statement a seventh. Capture writes only what is right, and
  -- the trigger message_changed refuses an UPDATE to a state that there is not.
  constraint message_pkey primary key (id)
);
comment on column outbox.message.op is 'insert, update, delete, truncate, read (backfill) or message (outbox.publish).';
comment on column outbox.message.state is 'pending (owed), retry (refused, due_at says when next), held (behind one of its key), failed (set aside), delivered (kept).';

comment on table outbox.message is 'What is owed: a relay removes a row only after the receiver''s acknowledgement.';

-- Large values are stored as they are: compressing them would cost the writer more than the few seconds of disk, and the
-- relay bounds its memory by pg_column_size, which is then the true size.
alter table outbox.message
  alter column new_row set storage external,
  alter column old_row set storage external,
  alter column headers set storage external;

-- The page: one destination's pending messages in id order.
create index message_page on outbox.message (destination, id) where state = 'pending';
-- The tail: what was not visible in the last snapshot. Of all states, so that a condition on xid alone leaves no other index to walk.
create index message_tail on outbox.message (xid);
-- These hold rows only while something is wrong, or kept; empty, the three cost a writer's statement 3 us together.
create index message_due on outbox.message (destination, due_at) where due_at is not null and state in ('pending', 'retry');
-- A large key stands here as its hash: an index takes no more than 2.7 kB, and a key may be of any size. The id stands here as
-- an expression, so that an order by it leaves this index alone, and not the primary key.
create index message_parked on outbox.message (
  destination, source_schema, source_table,
  (case when octet_length(key) <= 200 then key else 'hash ' || hashtextextended(key, 0)::text end), (id + 0))
  where state in ('retry', 'held', 'failed');
create index message_delivered on outbox.message (destination, delivered_at) where state = 'delivered';

-- A queue table: rows live for milliseconds, so vacuum by number of dead rows, not by share, and at full speed. It keeps the
-- table's size: to cut off what is free at its end it would lock out the writers.
alter table outbox.message set (
  vacuum_truncate = off,
  toast.vacuum_truncate = off,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 200000,
  autovacuum_vacuum_cost_delay = 0,
  toast.autovacuum_vacuum_scale_factor = 0,
  toast.autovacuum_vacuum_threshold = 20000,
  toast.autovacuum_vacuum_cost_delay = 0
);

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
comment on column outbox.backfill_progress.capture is 'A trigger by which the table was captured at the start: captured anew means begun anew.';
comment on table outbox.backfill_progress is 'How far backfills have come; rows go when the backfill is done.';

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
comment on column outbox.identity.system_identifier is
  'Of the cluster, as pg_control_system() tells it; null where that may not be called.';
comment on column outbox.identity.database is 'The database''s oid.';
comment on column outbox.identity.incarnation is
  'When the first relay came: another one means that the schema was dropped and made again.';
