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
