-- SPDX-License-Identifier: Apache-2.0
-- outbox.doctor: what is wrong, or soon will be, each with the statement that mends it.
--
-- Behind `outbox-relay doctor`, which adds what only a client can see (a transaction pooler in the way), and the view of the
-- same name. Each family of findings has a function; here they are joined. Sessions and their snapshots are seen in full by members of pg_monitor only.
--
-- parameters: old_after  a transaction that is open for longer is reported, default 10 minutes
--             dead_rows  so many dead rows in the queue are reported, default 200,000, if they are twice the live ones, and no
--                        vacuum has come for five of autovacuum's pauses or somebody keeps it from removing them
-- returns: severity (error: messages are lost or stand still; warning: soon; info), the check, the object, the finding, the remedy
-- reads:   the catalog, statistics, every table of the schema
create or replace function outbox.doctor(old_after interval default '10 minutes', dead_rows bigint default 200000)
returns table (severity text, check_name text, object text, finding text, remedy text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  rights text[] := '{}';
begin
  -- First, since without these rights the rest cannot be asked.
  select coalesce(array_agg(array[r.severity, r.check_name, r.object, r.finding, r.remedy]), '{}')
  into rights
  from outbox_internal.doctor_rights() r;

  return query
  select c.severity, c.check_name, c.object, c.finding, c.remedy
  from outbox_internal.doctor_captures() c
  union all
  select d.severity, d.check_name, d.object, d.finding, d.remedy
  from outbox_internal.doctor_deliveries() d
  union all
  select s.severity, s.check_name, s.object, s.finding, s.remedy
  from outbox_internal.doctor_server(old_after, dead_rows) s
  union all
  select h.severity, h.check_name, h.object, h.finding, h.remedy
  from outbox_internal.doctor_history() h
  union all
  select rights[n][1], rights[n][2], rights[n][3], rights[n][4], rights[n][5]
  from generate_subscripts(rights, 1) as n
  order by 1, 2, 3;
exception when insufficient_privilege then
  return query
  select 'error', 'checks left out', 'outbox.doctor'::text,
    format('%s: not everything could be looked at; mend the rest, and ask again', sqlerrm),
    'select * from outbox.doctor();'
  union all
  select rights[n][1], rights[n][2], rights[n][3], rights[n][4], rights[n][5]
  from generate_subscripts(rights, 1) as n
  order by 1, 2, 3;
end
$$;

comment on function outbox.doctor(interval, bigint) is
  'What is wrong, or soon will be, each with the statement that mends it.
old_after: transactions that are open for longer are named. dead_rows: so many dead rows in the queue
are named, where vacuum does not come for them.
Returns severity (error: messages are lost or stand still; warning: soon; info), the check, the
object, the finding, the remedy. What the caller may not look at is said, not raised.';
revoke execute on function outbox.doctor(interval, bigint) from public;
