-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.doctor_server: what outbox.doctor finds of the server: encoding, notifications, old
-- snapshots, dead rows in the queue.
--
-- parameters: as of outbox.doctor
-- returns:    as outbox.doctor
-- reads:      the catalog and statistics
create or replace function outbox_internal.doctor_server(old_after interval, dead_rows bigint)
returns table (severity text, check_name text, object text, finding text, remedy text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
#variable_conflict use_column
declare
  end_query constant text := 'End its oldest query; on the standby: select pid, usename, query from pg_stat_activity where backend_xmin is not null order by xact_start;';
begin
  return query
  select 'warning', 'encoding', b.datname::text,
    format('the encoding of this database is %s: a row of characters that UTF-8 has not cannot be read, and is set aside; an error text may lose some of its own', pg_encoding_to_char(b.encoding)),
    'Dump it, and restore it into a new one: create database ... encoding ''UTF8'' template template0; which were set aside: select id, last_error from outbox.failed;'
  from pg_database b
  where b.datname = current_database() and pg_encoding_to_char(b.encoding) <> 'UTF8'

  union all
  select 'warning', 'notification queue', 'pg_notify', format('the notification queue is %s %% full: a session listens and does not read', round((pg_notification_queue_usage() * 100)::numeric, 1)),
    'Find it: select pid, usename, application_name, state, xact_start from pg_stat_activity where state like ''idle in transaction%'' order by xact_start;'
  where pg_notification_queue_usage() > 0.1

  union all
  select 'warning', 'old snapshot', format('session %s', a.pid), format('%s (%s) has been in a transaction for %s: dead rows of the queue cannot go', a.usename, a.application_name, date_trunc('second', clock_timestamp() - a.xact_start)),
    format('select pg_terminate_backend(%s);', a.pid)
  from pg_stat_activity a
  where a.pid <> pg_backend_pid() and a.xact_start < clock_timestamp() - old_after and (a.backend_xmin is not null or a.backend_xid is not null)
    and a.datname = current_database()
    -- The snapshot of a VACUUM keeps no rows.
    and not exists (select from pg_stat_progress_vacuum v where v.pid in (a.pid, a.leader_pid))

  union all
  select 'warning', 'old snapshot', format('prepared transaction %s', x.gid), format('prepared by %s %s ago', x.owner, date_trunc('second', clock_timestamp() - x.prepared)),
    format('rollback prepared %L; or: commit prepared %L;', x.gid, x.gid)
  from pg_prepared_xacts x
  where x.database = current_database() and x.prepared < clock_timestamp() - old_after

  union all
  -- A standby's: while it is there in its slot or its connection, later in the slot.
  select 'warning', 'old snapshot', h.holder, format('holds back row versions that are %s transactions old', age(h.xmin)), h.remedy
  from (
    select format('replication slot %s', r.slot_name) as holder, r.xmin,
      case when r.active then end_query else format('select pg_drop_replication_slot(%L);', r.slot_name) end as remedy
    from pg_replication_slots r
    union all
    select format('standby %s', a.application_name), a.backend_xmin, end_query
    from pg_stat_replication a
  ) h
  where age(h.xmin) > 100000

  union all
  -- Between two visits of autovacuum a busy queue gathers any number of dead rows. So these alone mean nothing, but no visit for
  -- many times its pause does, and so does somebody who keeps a visit from removing them.
  select 'warning', 'table bloat', format('outbox.%s', s.relname),
    format('%s dead rows beside %s live ones; last vacuumed %s%s', s.n_dead_tup, s.n_live_tup, coalesce(v.last_visit::text, 'never'),
      case when h.holders is not null then format('; they cannot go before %s', h.holders) end),
    case when h.holders is not null then 'End what holds them, see "old snapshot"; then: ' else '' end || format('vacuum outbox.%s;', s.relname)
  from pg_stat_all_tables s
  cross join lateral (select greatest(s.last_vacuum, s.last_autovacuum) as last_visit) v
  cross join lateral (
    select string_agg(k.holder, ', ') as holders
    from (
      select format('session %s', a.pid) as holder
      from pg_stat_activity a
      where a.pid <> pg_backend_pid() and a.datname = current_database() and a.xact_start < clock_timestamp() - old_after
        and (a.backend_xmin is not null or a.backend_xid is not null)
        and not exists (select from pg_stat_progress_vacuum p where p.pid in (a.pid, a.leader_pid))
      union all
      select format('prepared transaction %s', x.gid) from pg_prepared_xacts x
      where x.database = current_database() and x.prepared < clock_timestamp() - old_after
      union all
      select format('replication slot %s', r.slot_name) from pg_replication_slots r where age(r.xmin) > 100000
      union all
      select format('standby %s', a.application_name) from pg_stat_replication a where age(a.backend_xmin) > 100000
    ) k) h
  where s.relid in ('outbox.pending'::regclass, 'outbox.parked'::regclass) and s.n_dead_tup > dead_rows and s.n_dead_tup > 2 * s.n_live_tup
    and (h.holders is not null or coalesce(v.last_visit, pg_postmaster_start_time()) < clock_timestamp()
      - least(old_after, greatest(interval '5 minutes', 5 * current_setting('autovacuum_naptime')::interval)))

  union all
  select 'warning', 'table bloat', format('outbox.%s', c.relname), 'autovacuum is switched off for the queue',
    format('alter table outbox.%s reset (autovacuum_enabled);', c.relname)
  from pg_class c
  where c.oid in ('outbox.pending'::regclass, 'outbox.parked'::regclass) and c.reloptions && '{autovacuum_enabled=false,autovacuum_enabled=off,autovacuum_enabled=0}'::text[];
end
$$;

comment on function outbox_internal.doctor_server(interval, bigint) is
  'For outbox.doctor: the server and its housekeeping.';
revoke execute on function outbox_internal.doctor_server(interval, bigint) from public;
