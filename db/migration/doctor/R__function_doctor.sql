-- outbox.doctor: what is wrong, or soon will be, each with the statement that mends it.
--
-- Behind `outbox-relay doctor`, which adds what only a client can see (a transaction pooler in the way), and the view of the
-- same name. Sessions and their snapshots are seen in full by members of pg_monitor only.
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
set quote_all_identifiers = off
as $$
#variable_conflict use_column
declare
  main_owner regrole;
  rights text[];
  schemas constant oid[] := array['outbox'::regnamespace, 'outbox_internal'::regnamespace];
  end_query constant text := 'End its oldest query; on the standby: select pid, usename, query from pg_stat_activity where backend_xmin is not null order by xact_start;';
begin
  -- First what the catalog alone tells: without these rights the rest cannot be asked.
  main_owner := (
    select mode() within group (order by o.owner)
    from (
      select c.relowner as owner from pg_class c where c.relnamespace = any (schemas) and c.relkind in ('r', 'v')
      union all
      select p.proowner from pg_proc p where p.pronamespace = any (schemas)
    ) o);
  select coalesce(array_agg(array[r.severity, r.check_name, r.object, r.finding, r.remedy]), '{}')
  into rights
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
            when c.relname in ('message', 'identity', 'destination', 'destination_number', 'source', 'status', 'relay_locks', 'capture_list', 'capture_detail', 'doctor', 'flyway_schema_history') then '{select}' end
          end::text[]) as p(name)
        where c.relnamespace = any (schemas) and c.relkind in ('r', 'v') and not has_table_privilege(to_regrole(r.name), c.oid, p.name)
        union all
        select format('update (%s) on %s', u.column_name, u.relation)
        from (values
          ('outbox_operator', 'outbox.message', '{state}'::text[]),
          ('outbox_relay', 'outbox.pending', '{xid,tx}'),
          ('outbox_relay', 'outbox.parked', '{state,attempts,last_error,due_at,delivered_at,xid,tx}')
        ) as g(role, relation, columns)
        cross join lateral (select g.relation, c.name as column_name from unnest(g.columns) as c(name)) u
        where g.role = r.name and not has_column_privilege(to_regrole(r.name), u.relation, u.column_name, 'update')
        union all
        select format('execute on function %s', p.oid::regprocedure)
        from pg_proc p
        where p.pronamespace = any (schemas) and not has_function_privilege(to_regrole(r.name), p.oid, 'execute') and case r.name
          when 'outbox_operator' then p.proname <> 'grant_roles' and p.proname not like 'backfill%'
          when 'outbox_relay' then p.proname in ('ring', 'bell_wanted', 'trigger_arguments', 'trigger_condition', 'doctor', 'needs_row_trigger', 'captured_columns', 'columns_certain', 'detaching_from',
            'untrusted_casts', 'capture_call', 'present_condition', 'settings_of', 'register_captures', 'let_go',
            'wire_id', 'copied', 'claim', 'adopt', 'ids_behind', 'mend_ids', 'system_identifier', 'doctor_history')
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

  return query
  -- Not pg_partition_tree, which waits for whoever has locked the table.
  with recursive captured as materialized (
    -- Once: taking the arguments of a table with many columns apart is slow.
    select * from outbox_internal.capture_detail
  ),
  below (source, destination, relid) as (
    select t.source, t.destination, t.source::oid
    from captured t
    join pg_class c on c.oid = t.source and c.relkind = 'p'
    where not t.inherited and t.level = 'row'
    union
    select b.source, b.destination, i.inhrelid
    from below b
    join pg_inherits i on i.inhparent = b.relid and not i.inhdetachpending
  ),
  parts as (
    select b.source, b.destination, b.relid::regclass
    from below b
    join pg_class c on c.oid = b.relid and c.relkind <> 'p'
  ),
  locks as materialized (
    select l.* from outbox.relay_locks l
  ),
  status as materialized (
    -- Once: it counts everything that is owed.
    select * from outbox.status
  )
  select 'error', 'trigger missing', t.source::text, format('%s is captured for %s, but its trigger for %s is gone', t.source, t.destination, w.operation), outbox.capture_call(t.source, t.destination)
  from captured t
  cross join lateral unnest(t.wanted) as w(operation)
  where not t.inherited and not exists (
    select from captured o where o.source = t.source and o.destination = t.destination and o.operation = w.operation)
  group by t.source, t.destination, w.operation

  union all
  select case t.fires when 'always' then 'warning' else 'error' end,
    case t.fires when 'disabled' then 'trigger disabled' else 'trigger firing' end, t.source::text,
    format(case t.fires when 'disabled' then 'trigger %s of %s is disabled: %s is not heard'
      when 'always' then 'trigger %s of %s fires always, the capture asked for %4$s: each %3$s is heard whatever session_replication_role says'
      else 'trigger %s of %s fires as %5$s, the capture asked for %4$s: %3$s is not heard where it should be' end,
      t.trigger_name, t.source, t.operation, t.fires_wanted, t.fires),
    format('alter table %s enable %strigger %I;', t.source, case when t.fires_wanted <> 'origin' then t.fires_wanted || ' ' end, t.trigger_name)
  from captured t
  where t.fires <> t.fires_wanted

  union all
  select distinct 'error', 'destination missing', t.source::text, format('%s is captured for %s, which does not exist', t.source, t.destination),
    format('select outbox.release(%L, %L);', t.source::text, t.destination)
  from captured t
  where not t.inherited and not exists (select from outbox.destination d where d.name = t.destination)

  union all
  select distinct 'error', 'capture out of step', t.source::text,
    format('%s is captured by statement, but has become a partition, a parent or a child, or has other row triggers or foreign keys that change a row twice: changes may be missed or out of order', t.source),
    case
      when (select c.relispartition from pg_class c where c.oid = t.source) and not exists (
        select from unnest(t.key || t.column_names) as n(name)
        where n.name not in (select a.attname from pg_attribute a where a.attrelid = pg_partition_root(t.source) and not a.attisdropped)) then
        -- As a rule it was the table, and what it is a part of now has taken its place.
        format('begin; select outbox.release(%L, %L); %s commit;', t.source::text, t.destination,
          replace(outbox.capture_call(t.source, t.destination), format('select outbox.capture(%L, ', t.source::text),
            format('select outbox.capture(%L, ', pg_partition_root(t.source)::regclass::text)))
      else outbox.capture_call(t.source, t.destination)
    end
  from captured t
  where not t.inherited and t.level = 'statement' and t.operation <> 'truncate' and outbox_internal.needs_row_trigger(t.source, false, array(
      select a.attnum from pg_attribute a
      where a.attrelid = t.source and not a.attisdropped
        and case when t.captured_oid = t.source then a.attnum = any (t.key_numbers) else a.attname = any (t.key) end))

  union all
  select distinct 'error', 'capture out of step', t.source::text, format('%s has lost a column of its key %s: messages have another order', t.source, t.key), outbox.capture_call(t.source, t.destination)
  from captured t
  where not t.inherited and t.captured_oid = t.source
    and exists (select from pg_attribute a where a.attrelid = t.source and a.attnum = any (t.key_numbers) and a.attisdropped)

  union all
  select distinct case when r.replaced is not null or t.column_mode = 'only' and c.names = '{}' then 'error' else 'warning' end, 'capture out of step', t.source::text,
    case
      when r.replaced is not null then format('%s is captured without its column %s, and another column has that name now: capture it again to leave that out', t.source, r.replaced)
      when t.column_mode = 'only' and c.names = '{}' then format('%s has lost the columns that are to be sent, %s: its messages are empty', t.source, t.column_names)
      when cardinality(c.names) < cardinality(n.names) then format(case t.column_mode
        when 'except' then 'a column of %s that the capture leaves out was dropped: its name stays left out, but a dump does not tell why it is missing'
        else 'a column of %s that the capture names was dropped: name it again should it come back' end, t.source)
      when c.names = n.names and k.names = t.key then format('a column of %s was renamed: a dump would not tell that it is none of those that the capture names', t.source)
      else format('a column of %s that the capture names was renamed: it is followed, but not by a dump', t.source)
    end,
    outbox.capture_call(t.source, t.destination)
  from captured t
  cross join lateral (select outbox_internal.captured_columns(t.source, t.source, t.key, t.key_numbers) as names) k
  cross join lateral (select outbox_internal.captured_columns(t.source, t.source, t.column_names, t.column_numbers) as names) c
  -- Those that there were: a name that is left out need not have a column.
  cross join lateral (
    select array(select n.name from unnest(t.column_names, t.column_numbers) with ordinality as n(name, number, position) where n.number <> 0 order by n.position) as names) n
  cross join lateral (
    select string_agg(quote_ident(n.name), ', ') as replaced
    from unnest(t.column_names) as n(name)
    join pg_attribute a on a.attrelid = t.source and a.attname = n.name and a.attnum <> all (t.column_numbers) and not a.attisdropped
    where t.column_mode = 'except') r
  where not t.inherited and t.captured_oid = t.source
    and (r.replaced is not null
      or (k.names <> t.key or c.names <> n.names or t.column_mode <> 'all' and not outbox_internal.columns_certain(t.source, t.all_columns, t.column_names, t.column_numbers)) and cardinality(k.names) = cardinality(t.key))

  union all
  select distinct case when r.certain then 'warning' else 'error' end, 'capture out of step', t.source::text,
    format(case when r.certain then '%s was restored from a dump after its capture: a column that is renamed now is not followed'
      else '%s was restored from a dump, and a column had been renamed, or was since: which are to be left out is not known, so of its rows the key alone is sent' end, t.source),
    outbox.capture_call(t.source, t.destination)
  from captured t
  cross join lateral (select t.column_mode = 'all' or outbox_internal.columns_certain(t.source, t.all_columns, t.column_names, t.column_numbers) as certain) r
  where not t.inherited and t.captured_oid <> t.source

  union all
  select distinct 'error', 'capture out of step', t.source::text,
    format('column %s of %s is a virtual generated one: PostgreSQL gives its value to no trigger, and null is sent in its place', quote_ident(a.attname), t.source),
    outbox.capture_call(t.source, t.destination)
  from captured t
  join pg_attribute a on a.attrelid = t.source and a.attnum > 0 and a.attgenerated = 'v' and not a.attisdropped
  where not t.inherited and t.column_mode <> 'only' and a.attname <> all (t.column_names)
    and (t.captured_oid <> t.source or a.attnum <> all (t.column_numbers))

  union all
  select distinct 'warning', 'capture out of step', t.source::text,
    format('%s rings doorbell %s, its destination %s has %s: messages wait for the sweep', t.source, t.doorbell, t.destination, d.doorbell), outbox.capture_call(t.source, t.destination)
  from captured t
  join outbox.destination d on d.name = t.destination and d.doorbell <> t.doorbell
  where not t.inherited

  union all
  select 'error', 'partition not covered', p.relid::text,
    format('%s belongs to %s, but has not got its triggers', p.relid, p.source), outbox.capture_call(p.source, p.destination)
  from parts p
  where not exists (select from captured t where t.source = p.relid and t.destination = p.destination)

  union all
  select distinct 'warning', 'detach unfinished', i.inhrelid::regclass::text,
    format('%s is being detached from %s, which is captured: until that is finished its changes are heard under that name, and %s cannot be captured again', i.inhrelid::regclass, b.source, b.source),
    format('If nobody is at it: alter table %s detach partition %s finalize;', i.inhparent::regclass, i.inhrelid::regclass)
  from below b
  join pg_inherits i on i.inhparent = b.relid and i.inhdetachpending

  union all
  select distinct case h.relkind when 'f' then 'info' else 'warning' end, 'child not captured', h.name,
    format('%s inherits from %s, which is captured for %s: its own rows are not heard', h.name, t.source, t.destination),
    case h.relkind
      when 'f' then 'Capture it in the database that it comes from.'
      -- As the parent is captured, with every option.
      else replace(outbox.capture_call(t.source, t.destination), format('select outbox.capture(%L, ', t.source::text),
        format('select outbox.capture(%L, ', h.name)) end
  from captured t
  join pg_class c on c.oid = t.source and c.relkind = 'r'
  join pg_inherits i on i.inhparent = t.source
  cross join lateral (
    select child.relkind, child.oid::regclass::text as name from pg_class child where child.oid = i.inhrelid and child.relpersistence <> 't') h
  where not exists (select from captured o where o.source = i.inhrelid and o.destination = t.destination)

  union all
  select distinct 'error', 'untrusted cast', t.source::text, format('column %s: %s runs with the rights of the owner of this schema', u.column_name, u.cast_function),
    format('select outbox.release(%L);', t.source::text)
  from captured t
  cross join lateral outbox_internal.untrusted_casts(t.source) u
  where not t.inherited

  union all
  select 'error', 'no relay', s.destination, format('no relay owns it; messages that wait: %s', s.pending + s.retry + s.held),
    'Start one: outbox-relay run'
  from status s
  where not s.paused and not exists (
    select from locks l
    join outbox.destination d on d.name = s.destination and d.doorbell = l.number
    where l.mode = 'ExclusiveLock' and l.class = 7021002 and l.by_relay)

  union all
  -- Anybody who may connect can take any advisory lock.
  select 'error', 'foreign lock', format('session %s', l.pid),
    format('%s (%s) holds locks that are the relays'' and cannot be one: %s', l.login, l.application_name,
      string_agg(distinct case l.class
        when 7021001 then 'relays poll, and every writer rings'
        when 7021002 then format('no relay delivers for %s', coalesce(o.destinations, 'destinations to come'))
        else 'a relay whose session has this number connects once more' end, '; ')),
    format('select pg_terminate_backend(%s);', l.pid)
  from locks l
  left join lateral (
    select string_agg(d.name, ', ' order by d.name) as destinations from outbox.destination d where d.doorbell = l.number
  ) o on l.class = 7021002
  where not l.by_relay and (l.class = 7021002 or l.mode = 'ExclusiveLock')
  group by l.pid, l.login, l.application_name

  union all
  select 'warning', 'destination down', s.destination, format('cannot be reached since %s: %s', s.down_since, s.last_error),
    format('Mend the receiver at %s, or: select outbox.pause(%L);', s.uri, s.destination)
  from status s
  where s.down_since is not null and not s.paused

  union all
  select 'error', 'stalled', s.destination,
    format('relay %s owns it, and nothing of it has been sent or settled since %s; messages that wait: %s', s.owner, date_trunc('second', s.stalled_since), s.pending + s.retry + s.held)
      || coalesce('; last error: ' || s.last_error, ''),
    format('Look into the log of relay %s, and start it again; that it looks at once: select outbox.wake(%L);', s.owner, s.destination)
  from status s
  where s.stalled_since is not null and s.owner is not null

  union all
  select 'warning', 'truncate refused', s.destination,
    format('all later messages wait for truncate %s, which was refused: %s; it is tried again at %s; messages that wait: %s', m.id, m.last_error, date_trunc('second', m.due_at), s.pending),
    format('select outbox.requeue(%s); or: select outbox.discard(%1$s);', m.id)
  from outbox.message m
  join status s on s.destination = m.destination
  where m.state = 'retry' and m.op = 'truncate' and s.pending > 0

  union all
  select 'info', 'messages held', s.destination,
    format('messages that wait behind others of their key, which were refused%s: %s', case d.on_failure when 'hold' then ' or set aside' else '' end, s.held),
    format('select id, key, state, attempts, due_at, last_error from outbox.message where destination = %L and state in (''retry'', ''failed'');', s.destination)
  from status s
  join outbox.destination d on d.name = s.destination
  where s.held > 0

  union all
  select 'info', 'destination paused', s.destination, format('messages that wait: %s', s.pending + s.retry + s.held), format('select outbox.resume(%L);', s.destination)
  from status s
  where s.paused

  union all
  select 'warning', 'messages failed', s.destination, format('messages set aside: %s', s.failed),
    format('select * from outbox.failed where destination = %L; then: select outbox.requeue_failed(%L);', s.destination, s.destination)
  from status s
  where s.failed > 0

  union all
  select 'error', 'messages without destination', coalesce(n.name, 'number ' || m.destination),
    format('messages owed to a destination that does not exist: %s', m.messages),
    case
      when n.name is null then 'select outbox.register_captures();'
      else format('insert into outbox.destination (name, uri) values (%L, ''tcp://host:port''); or: delete from outbox.message where destination = %L;', n.name, n.name)
    end
  from (
    select o.destination, sum(o.messages) as messages
    from (
      select p.destination, count(*) as messages from outbox.pending p group by p.destination
      union all
      select p.destination, count(*) from outbox.parked p where p.state <> 'delivered' group by p.destination
    ) o
    where not exists (select from outbox.destination d where d.number = o.destination)
    group by o.destination
  ) m
  left join outbox.destination_number n on n.number = m.destination

  union all
  -- A dump of a table carries its triggers into another database, where its numbers may be others'.
  select distinct 'error', 'capture out of step', t.source::text,
    format('%s writes under number %s, which is not that of destination %s here: its messages go elsewhere', t.source, t.destination_number, t.destination),
    outbox.capture_call(t.source, t.destination)
  from captured t
  join outbox.destination_number n on n.name = t.destination and n.number <> t.destination_number
  where not t.inherited

  union all
  select distinct 'error', 'capture out of step', t.source::text,
    format('%s writes under number %s, which is that of %I.%I here: its messages go by that name', t.source, t.source_number, s.schema_name, s.table_name),
    outbox.capture_call(t.source, t.destination)
  from captured t
  join outbox.source s on s.number = t.source_number and (s.schema_name, s.table_name) <> (t.source_schema, t.source_table)
  where not t.inherited

  union all
  -- outbox.capture grants it to the owner that there was.
  select distinct 'warning', 'grants', t.source::text,
    format('%s owns %s and lacks execute on function outbox.capture_row(): it cannot add a partition', c.relowner::regrole, t.source),
    format('grant execute on function outbox.capture_row() to %s;', c.relowner::regrole)
  from captured t
  join pg_class c on c.oid = t.source and c.relkind = 'p'
  where t.level = 'row' and not has_function_privilege(c.relowner, 'outbox.capture_row()', 'execute')

  union all
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
  where c.oid in ('outbox.pending'::regclass, 'outbox.parked'::regclass) and c.reloptions && '{autovacuum_enabled=false,autovacuum_enabled=off,autovacuum_enabled=0}'::text[]

  union all
  select rights[n][1], rights[n][2], rights[n][3], rights[n][4], rights[n][5]
  from generate_subscripts(rights, 1) as n

  union all
  select h.severity, h.check_name, h.object, h.finding, h.remedy
  from outbox_internal.doctor_history() h
  order by 1, 2, 3;
exception when insufficient_privilege then
  return query
  select 'error', 'checks left out', 'outbox.doctor'::text, format('%s: not everything could be looked at; mend the rest, and ask again', sqlerrm),
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
