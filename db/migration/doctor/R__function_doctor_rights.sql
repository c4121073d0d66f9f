-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.doctor_rights: what outbox.doctor finds of owners, roles and grants.
--
-- From the catalog alone, which everybody may read: where rights are missing, the other families
-- cannot be asked.
--
-- returns: as outbox.doctor
-- reads:   the catalog
create or replace function outbox_internal.doctor_rights()
returns table (severity text, check_name text, object text, finding text, remedy text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
#variable_conflict use_column
declare
  main_owner regrole;
  schemas constant oid[] := array['outbox'::regnamespace, 'outbox_internal'::regnamespace];
begin
  main_owner := (
    select mode() within group (order by o.owner)
    from (
      select c.relowner as owner from pg_class c where c.relnamespace = any (schemas) and c.relkind in ('r', 'v')
      union all
      select p.proowner from pg_proc p where p.pronamespace = any (schemas)
    ) o);
  return query
  select r.severity, r.check_name, r.object, r.finding, r.remedy
  from (
    select 'error' as severity, 'owner''s rights' as check_name, f.owner::text as object,
      format('%s owns functions of the schemas outbox and outbox_internal that run with its rights, and lacks %s: captured writes fail', f.owner, string_agg(n.what, '; ')) as finding,
      string_agg(format('grant %s to %s;', n.what, f.owner), ' ') as remedy
    from (select main_owner as owner) f
    cross join lateral (
      select format('usage on schema %s', n.oid::regnamespace) as what
      from unnest(schemas) as n(oid)
      where not has_schema_privilege(f.owner, n.oid, 'usage')
      union all
      select format('%s on %s', r.privilege, r.relation)
      from (values ('select', 'outbox.destination'), ('select', 'outbox.pending'), ('insert', 'outbox.pending')) as r(privilege, relation)
      where not has_table_privilege(f.owner, r.relation, r.privilege)
        and (select c.relowner from pg_class c where c.oid = r.relation::regclass) = f.owner
      union all
      select format('execute on function %s', p.oid::regprocedure)
      from pg_proc p
      where p.pronamespace = any (schemas) and p.proowner = f.owner and not has_function_privilege(f.owner, p.oid, 'execute') and p.proname in
        ('bell_wanted', 'captured_columns', 'captured_key', 'captured_table', 'columns_certain', 'defused', 'detaching_from', 'headers', 'key_start', 'pick_columns', 'ring', 'row_key', 'sent_key', 'settings_of',
         'trigger_arguments', 'trigger_key', 'write_change')
    ) n
    group by f.owner

    union all
    -- All that outbox.grant_roles grants.
    select 'warning', 'grants', r.name,
      case when to_regrole(r.name) is null then format('role %s does not exist', r.name)
        else format('role %s lacks %s', r.name, array_to_string(l.missing[1:3], '; ')) || case when cardinality(l.missing) > 3 then format(' and %s more', cardinality(l.missing) - 3) else '' end end,
      case when to_regrole(r.name) is null then format('create role %I nologin; ', r.name) else '' end || 'select outbox.grant_roles();'
    from unnest('{outbox_relay,outbox_operator,outbox_publisher}'::text[]) as r(name)
    left join lateral (
      select array_agg(n.what) as missing
      from (
        select format('usage on schema %s', n.oid::regnamespace) as what
        from unnest(schemas) as n(oid)
        where not has_schema_privilege(to_regrole(r.name), n.oid, 'usage')
          and (r.name <> 'outbox_publisher' or n.oid = 'outbox'::regnamespace)
        union all
        select format('%s on %s', p.name, c.oid::regclass)
        from pg_class c
        cross join lateral unnest(case
          when r.name = 'outbox_operator' then case c.relname
            when 'destination' then '{select,insert,update,delete}' when 'message' then '{select,delete}' else '{select}' end
          when r.name = 'outbox_relay' then case
            when c.relname = 'pending' then '{select,delete}'
            when c.relname = 'parked' then '{select,insert,delete}'
            when c.relname = 'destination_state' then '{select,insert,update}'
            when c.relname in ('message', 'failed', 'identity', 'destination', 'held_key', 'destination_number', 'source', 'status', 'relay_locks', 'owed', 'expired', 'shed_record', 'replay_progress', 'capture_list', 'capture_detail', 'doctor', 'flyway_schema_history') then '{select}' end
          end::text[]) as p(name)
        where c.relnamespace = any (schemas) and c.relkind in ('r', 'v') and not has_table_privilege(to_regrole(r.name), c.oid, p.name)
        union all
        select format('update (%s) on %s', u.column_name, u.relation)
        from (values
          ('outbox_operator', 'outbox.message', '{state}'::text[]),
          ('outbox_relay', 'outbox.pending', '{xid,tx}'),
          ('outbox_relay', 'outbox.parked', '{state,attempts,last_error,due_at,delivered_at,failed_at,first_failed_at,xid,tx}')
        ) as g(role, relation, columns)
        cross join lateral (select g.relation, c.name as column_name from unnest(g.columns) as c(name)) u
        where g.role = r.name and not has_column_privilege(to_regrole(r.name), u.relation, u.column_name, 'update')
        union all
        select format('execute on function %s', p.oid::regprocedure)
        from pg_proc p
        where p.pronamespace = any (schemas) and not has_function_privilege(to_regrole(r.name), p.oid, 'execute') and case r.name
          when 'outbox_operator' then p.proname <> 'grant_roles' and p.proname not like 'backfill%'
          when 'outbox_relay' then p.proname in ('ring', 'bell_wanted', 'trigger_arguments', 'trigger_condition', 'doctor', 'needs_row_trigger', 'captured_columns', 'columns_certain', 'detaching_from',
            'untrusted_casts', 'capture_call', 'explain', 'known_message', 'id_sequence', 'present_condition', 'settings_of', 'register_captures', 'let_go', 'pause_for',
            'wire_id', 'copied', 'claim', 'adopt', 'ids_behind', 'mend_ids', 'measure', 'expire', 'owed_bytes', 'system_identifier', 'doctor_rights', 'doctor_captures', 'doctor_deliveries', 'doctor_server',
            'doctor_history')
          else p.proname = 'publish' end
      ) n
    ) l on to_regrole(r.name) is not null
    where to_regrole(r.name) is null or l.missing is not null

    union all
    -- As pg_dump -x leaves it: PostgreSQL lets everybody execute a new function.
    select 'warning', 'grants', 'public', format('everybody may execute %s functions of the schemas outbox and outbox_internal', count(*)),
      'revoke execute on all routines in schema outbox, outbox_internal from public; select outbox.grant_roles(); select outbox.tidy();'
    from pg_proc p
    where p.pronamespace = any (schemas)
      and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0 and a.privilege_type = 'EXECUTE')
    having count(*) > 0

    union all
    select case when owner.rolsuper and o.usable then 'warning' else 'error' end, 'owner', o.name,
      format('%s belongs to %s, what else is in the schemas outbox and outbox_internal to %s', o.name, o.owner, main_owner),
      format('alter %s %s owner to %s;', o.kind, o.name, main_owner)
    from (
      select c.relowner::regrole as owner, case c.relkind when 'v' then 'view' else 'table' end as kind, c.oid::regclass::text as name,
        (select bool_and(has_table_privilege(main_owner, c.oid, n.privilege))
          from unnest(case c.relkind when 'v' then '{select}' else '{select,insert,update,delete}' end::text[]) as n(privilege)) as usable
      from pg_class c
      where c.relnamespace = any (schemas) and c.relkind in ('r', 'v')
      union all
      select p.proowner::regrole, 'routine', p.oid::regprocedure::text, has_function_privilege(main_owner, p.oid, 'execute')
      from pg_proc p
      where p.pronamespace = any (schemas)
    ) o
    join pg_roles owner on owner.oid = o.owner
    where o.owner <> main_owner
  ) r;
end
$$;

comment on function outbox_internal.doctor_rights() is
  'For outbox.doctor: owners, roles and grants.';
revoke execute on function outbox_internal.doctor_rights() from public;
