-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.doctor_history: what the doctor finds of where this database comes from: a copy, ids that
-- are given out again, functions that a partial restore left out.
--
-- returns: as outbox.doctor
-- reads:   outbox.identity, the tables of messages and their sequence, the catalog and the history of migrations
create or replace function outbox_internal.doctor_history()
returns table (severity text, check_name text, object text, finding text, remedy text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  named constant text := 'R__(function|procedure|trigger)_(.*)\.sql$';
begin
  -- Without these rights the functions below cannot look; the doctor names what is lacking.
  if exists (
    select
    from pg_proc p
    cross join unnest('{outbox,outbox_internal}'::text[]) as n(name)
    where p.oid = 'outbox_internal.ids_behind()'::regprocedure
      and not has_schema_privilege(p.proowner, n.name, 'usage')
  ) then
    return;
  end if;

  return query
  select 'error', 'copy', current_database()::text, c.finding || ': nothing is sent',
    'If this is the one to send from now on: select outbox.adopt(); '
    'if it is a copy: select outbox.release_all();'
  from (select outbox.copied() as finding) c
  where c.finding is not null

  union all
  select 'warning', 'copy', 'outbox.identity',
    'the cluster''s identifier may not be read here: only a copy inside the cluster is told apart',
    format('grant execute on function pg_control_system() to %I;', pg_get_userbyid(p.proowner))
  from pg_proc p
  where p.oid = 'outbox.system_identifier()'::regprocedure and outbox.system_identifier() is null

  union all
  select 'error', 'ids behind', 'outbox.message',
    format('the sequence of ids stands behind the rows, of which the last has %s: '
      'captured writes fail', b.greatest_id),
    'select outbox.mend_ids();'
  from (select outbox_internal.ids_behind() as greatest_id) b
  where b.greatest_id is not null

  union all
  -- What is only kept makes room for it; this has to be settled by a person.
  select 'warning', 'number twice', t.destination,
    format('pending messages with the number of one that is set aside or tried again: %s, such as '
      '%s beside %s: delivered they go, but refused they cannot be set aside',
      t.messages, t.pending_id, t.parked_id),
    format('select outbox.discard(%L);', t.parked_id)
  from (
    select n.name::text as destination, count(*) as messages,
           (min(array[outbox.wire_id(k.id, p.created_at), outbox.wire_id(k.id, k.created_at)]))[1]
             as pending_id,
           (min(array[outbox.wire_id(k.id, p.created_at), outbox.wire_id(k.id, k.created_at)]))[2]
             as parked_id
    from outbox.parked k
    join outbox.pending p on p.destination = k.destination and p.id = k.id
    join outbox.destination_number n on n.number = k.destination
    where k.state <> 'delivered'
    group by n.name
  ) t;

  if to_regclass('outbox.flyway_schema_history') is null then
    return;
  end if;

  -- A file is named after its function. A migration that drops one takes its row out of the history.
  return query
  select 'error', 'function missing', f.name,
    format('a function of the schema is gone, %s: captured writes may fail', f.name),
    format('delete from outbox.flyway_schema_history where script = %L; '
      'then: outbox-relay migrate', f.script)
  from (
    select distinct h.script::text, (regexp_match(h.script, named))[2] as name
    from outbox.flyway_schema_history h
    where h.success and h.script ~ named and h.script !~ '_by_text\.sql$'
  ) f
  where not exists (
    select
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('outbox', 'outbox_internal') and p.proname = f.name);
end
$$;

comment on function outbox_internal.doctor_history() is
  'For outbox.doctor: copies, and ids that are given out again.';
revoke execute on function outbox_internal.doctor_history() from public;
