-- SPDX-License-Identifier: Apache-2.0
-- outbox.relay_locks: the advisory locks by which relays agree, with who holds each, and whether he is a relay.
--
-- Anybody who may connect can take any advisory lock. So a lock alone is no sign of a relay: its session's login must have, or
-- be able to take on, a role that reports in outbox.destination_state, which neither strangers nor operators may.
--
-- class 7021001: a doorbell (share: a writer's change is under way; exclusive: the relay sleeps); 7021002: a doorbell's
-- ownership; 7021003: a relay lives, the number is that of its own session. docs/internals/threads.md.
create or replace view outbox.relay_locks as
select
  l.pid,
  l.classid::bigint::integer as class,
  l.objid::bigint::integer as number,
  l.mode,
  exists (
    select
    from pg_catalog.pg_stat_get_activity(l.pid) a
    join pg_catalog.pg_class c on c.oid = 'outbox.destination_state'::pg_catalog.regclass
    cross join lateral pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) g
    where g.privilege_type = 'INSERT'
      and case when g.grantee = 0 then true else pg_catalog.pg_has_role(a.usesysid, g.grantee, 'member') end
  ) as by_relay,
  (select a.usename from pg_catalog.pg_stat_activity a where a.pid = l.pid) as login,
  (select a.application_name from pg_catalog.pg_stat_activity a where a.pid = l.pid) as application_name
from pg_catalog.pg_locks l
where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid between 7021001 and 7021003
  and l.database = (select b.oid from pg_catalog.pg_database b where b.datname = current_database());

comment on view outbox.relay_locks is 'The advisory locks by which relays agree, and who holds them.';
comment on column outbox.relay_locks.pid is 'The session.';
comment on column outbox.relay_locks.class is
  '7021001: a doorbell; 7021002: the ownership of its destinations; 7021003: a relay lives.';
comment on column outbox.relay_locks.number is
  'outbox.destination.doorbell, or of class 7021003 the relay''s own number.';
comment on column outbox.relay_locks.mode is 'ExclusiveLock or ShareLock.';
comment on column outbox.relay_locks.by_relay is 'Whether the session''s login can be a relay''s.';
comment on column outbox.relay_locks.login is 'The session''s login.';
comment on column outbox.relay_locks.application_name is 'What the session calls itself.';
