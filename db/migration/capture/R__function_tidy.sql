-- SPDX-License-Identifier: Apache-2.0
-- outbox.tidy: gives the owners of captured tables the right that they need, and takes away what captures of the past left.
--
-- PostgreSQL asks whoever adds a partition to a table for EXECUTE on the functions of its triggers, so the owner of a captured
-- partitioned table holds it on outbox.capture_row, and with him every member of a role that owns it. It goes with his last
-- such table: it would let him send what he likes, and keep his role from being dropped. A role that may call outbox.capture
-- has its rights from somebody else, and keeps them.
-- Nobody hears of DROP TABLE or of a change of owner, so this looks at everything, whichever table was captured or released.
--
-- SECURITY DEFINER, since the caller may own the table without any right to grant. What it does follows from the catalog alone.
--
-- returns:    nothing
-- reads:      outbox_internal.capture_detail, pg_proc, pg_class, pg_roles
-- writes:     pg_proc.proacl, outbox.backfill_progress, what outbox.register_captures writes
create or replace function outbox.tidy() returns void
language plpgsql volatile
security definer
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
declare
  granted name;
  owners oid[];
  to_grant name[];
  to_revoke name[];
begin
  -- PostgreSQL refuses the second of two GRANTs at once. So who has some to do waits for the other, and then looks again.
  for look in 1..2 loop
    owners := array(
      select distinct c.relowner
      from outbox_internal.capture_detail t join pg_class c on c.oid = t.source
      where c.relkind = 'p' and t.level = 'row');
    to_grant := array(
      select r.rolname from pg_roles r
      where r.oid = any (owners) and not has_function_privilege(r.oid, 'outbox.capture_row()', 'execute'));
    to_revoke := array(
      select r.rolname
      from pg_proc p
      cross join aclexplode(p.proacl) a
      join pg_roles r on r.oid = a.grantee
      where p.oid = 'outbox.capture_row()'::regprocedure
        and r.oid <> all (owners)
        and not has_function_privilege(r.oid,
          'outbox.capture(regclass,text,text[],text[],text[],text[],text,boolean,boolean,text,boolean)', 'execute'));
    exit when look = 2 or (to_grant = '{}' and to_revoke = '{}');
    perform pg_advisory_xact_lock(7021004, 0);
  end loop;

  foreach granted in array to_grant loop
    execute format('grant execute on function outbox.capture_row() to %I', granted);
  end loop;
  foreach granted in array to_revoke loop
    execute format('revoke execute on function outbox.capture_row() from %I', granted);
  end loop;

  perform outbox.register_captures();

  delete from outbox.backfill_progress b
  where (b.source, b.destination, b.part) in (
    select g.source, g.destination, g.part
    from outbox.backfill_progress g
    where not exists (select from pg_class c where c.oid = g.source) or not exists (select from pg_class c where c.oid = g.part)
    for update skip locked);
end
$$;

comment on function outbox.tidy() is
  'Gives the owners of captured partitioned tables the right that they need to add partitions, and takes
away what captures of the past left: after a change of owner, or DROP TABLE.';
revoke execute on function outbox.tidy() from public;
