-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.doctor_captures: what outbox.doctor finds of captured tables: triggers that are gone
-- or fire otherwise, columns, partitions and children that are not heard, numbers, casts.
--
-- returns: as outbox.doctor
-- reads:   outbox_internal.capture_detail, outbox.destination, the catalog
create or replace function outbox_internal.doctor_captures()
returns table (severity text, check_name text, object text, finding text, remedy text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
#variable_conflict use_column
begin
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
  where t.level = 'row' and not has_function_privilege(c.relowner, 'outbox.capture_row()', 'execute');
end
$$;

comment on function outbox_internal.doctor_captures() is
  'For outbox.doctor: captured tables.';
revoke execute on function outbox_internal.doctor_captures() from public;
