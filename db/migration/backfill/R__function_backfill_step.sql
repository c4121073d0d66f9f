-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.backfill_step: writes a message, op 'read', for each row of the next few blocks of a table.
--
-- Why a receiver that applies the lines by key in order ends with the table's content: the rows are locked in share mode
-- before their messages get their ids, and stay locked until these are committed. So a change that is committed before is in
-- what was read, and a change that comes later has a larger id. A row that somebody else has locked is not waited for: its
-- place is noted and tried again at the end; if it was changed, that change is a message of its own.
-- Rows that a change has moved to a later block have a message too, so blocks past the end at the start are not read.
-- A writer may have to wait for the rows of one step, never for a step that waits: it does not.
-- Messages go under the name under which the table's changes go: a captured parent's, where it is a partition of one.
-- A table that was rewritten since the start has its rows elsewhere, and one that was captured anew may have changed unheard:
-- it is begun again.
--
-- parameters: source, destination  as of outbox.backfill
--             at_once              as of outbox_internal.backfill_start
-- returns:    rows written, null when there is nothing left to do, -1 when all that is left is locked by others
-- reads:      the table, with the caller's rights; outbox_internal.capture_detail
-- writes:     outbox.pending, outbox.backfill_progress
create or replace function outbox_internal.backfill_step(source regclass, destination text, at_once boolean default false) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'iso_8601'
set bytea_output = 'hex'
set extra_float_digits = 1
set lc_monetary = 'C'
set quote_all_identifiers = off
set row_security = off
as $$
<<f>>
declare
  places_at_once constant integer := 1000;
  bytes_at_once constant bigint := 4 * 1024 * 1024;
  progress record;
  config record;
  picked text[];
  looked_at text[];
  key_names text[];
  last_block bigint;
  tried tid[];
  tried_condition constant text := 't.ctid = any ($8)';
  row_condition text;
  chosen_condition text := '';
  by_range boolean;
  batch tid[];
  rest tid[] := '{}'; -- what is left of the tried, batch after batch
  sizes integer[] := '{}'; -- of these batches
  written_here bigint;
  written bigint := 0;
  locked_here tid[];
  locked tid[] := '{}';
  statement constant text := $query$
    with seen as materialized (
      select t.ctid as place from only %1$s t where %2$s
    ), got as materialized (
      select t.ctid as place, row_to_json(t.*) as value from only %1$s t where %2$s for share of t skip locked
    ), written as (
      insert into outbox.pending (
        destination, source, op, key, headers, schema_name, table_name, new_row)
      select $1, $12, 'r', outbox_internal.row_key(g.value, $9, $10, $4, $5, $13), outbox_internal.headers(), $2, $3,
             case when $7 then outbox_internal.pick_columns(g.value, $6, true) else g.value end
      from (
        -- What must not be stored is left out first, as the triggers do.
        select case when $11 is null then t.value else outbox_internal.pick_columns(t.value, $11, $7) end as value
        from got t
        offset 0
      ) g
      returning 1
    )
    select (select count(*) from written), array(select s.place from seen s where not exists (select from got g where g.place = s.place))
    $query$;
begin
  select * into f.progress
  from outbox.backfill_progress b
  where b.source = backfill_step.source and b.destination = backfill_step.destination
  order by b.next_block >= b.end_block, b.part
  limit 1
  for update;
  if not found then
    return null;
  end if;

  if pg_relation_filenode(f.progress.part) is null then
    -- A partition that was dropped.
    delete from outbox.backfill_progress b
    where b.source = backfill_step.source and b.destination = backfill_step.destination and b.part = f.progress.part;
    return 0;
  end if;
  if f.progress.capture <> outbox_internal.backfill_checked(backfill_step.source, backfill_step.destination, f.progress.part, backfill_step.at_once) then
    perform outbox_internal.backfill_start(backfill_step.source, backfill_step.destination, nullif(f.progress.condition, ''), backfill_step.at_once);
    return 0;
  end if;
  if f.progress.part <> backfill_step.source
      and backfill_step.source not in (select a.relid from pg_partition_ancestors(f.progress.part) a) then
    -- A partition that was detached: its rows are the table's no more.
    delete from outbox.backfill_progress b
    where b.source = backfill_step.source and b.destination = backfill_step.destination and b.part = f.progress.part;
    return 0;
  end if;
  if f.progress.filenode <> pg_relation_filenode(f.progress.part) then
    update outbox.backfill_progress b
    set filenode = pg_relation_filenode(b.part), next_block = 0, locked_places = '{}',
        end_block = pg_relation_size(b.part) / current_setting('block_size')::bigint
    where b.source = backfill_step.source and b.destination = backfill_step.destination and b.part = f.progress.part;
    return 0;
  end if;

  select t.key, t.key_numbers, t.key_forms, t.column_mode, t.column_names, t.column_numbers, t.all_columns, t.captured_oid, d.doorbell, t.doorbell is not null as notify,
         t.destination_number::integer, t.source_number::integer,
         -- Only where it is not what outbox.source says.
         case when (n.nspname, c.relname) <> (t.source_schema, t.source_table) then n.nspname end as schema_name,
         case when (n.nspname, c.relname) <> (t.source_schema, t.source_table) then c.relname end as table_name
  into f.config
  from outbox_internal.capture_detail t
  join outbox.destination d on d.name = t.destination
  join pg_class c on c.oid = outbox_internal.captured_table(t.trigger_oid)
  join pg_namespace n on n.oid = c.relnamespace
  where t.source = backfill_step.source and t.destination = backfill_step.destination and t.operation <> 'truncate'
  limit 1;
  if not found then
    raise exception 'destination % does not exist', quote_literal(backfill_step.destination) using errcode = 'undefined_object';
  end if;
  if f.config.column_mode <> 'all' then
    f.picked := outbox_internal.captured_columns(f.progress.part, f.config.captured_oid, f.config.column_names, f.config.column_numbers);
    if f.config.column_mode = 'except' then
      f.picked := f.picked || f.config.column_names;
      f.looked_at := f.picked;
    else
      f.key_names := outbox_internal.captured_key(f.progress.part, f.config.captured_oid, f.config.key, f.config.key_numbers, f.config.all_columns);
      if f.key_names <> f.config.key then
        f.looked_at := f.picked || f.key_names;
      end if;
    end if;
  end if;

  if f.progress.next_block < f.progress.end_block then
    -- As many blocks as hold a few megabytes, what is stored out of line included.
    f.last_block := f.progress.next_block + greatest(1, least(64,
      f.bytes_at_once * f.progress.end_block / greatest(pg_table_size(f.progress.part), 1)));
    f.by_range := true;
    f.row_condition := format('t.ctid >= %L::pg_catalog.tid and t.ctid < %L::pg_catalog.tid',
      format('(%s,0)', f.progress.next_block), format('(%s,0)', least(f.last_block, f.progress.end_block)));
    f.tried := '{}';
  else
    f.by_range := false;
    f.last_block := f.progress.next_block;
    f.tried := f.progress.locked_places[1:f.places_at_once];
    f.row_condition := f.tried_condition;
  end if;
  if f.progress.condition <> '' then
    f.chosen_condition := e' and (' || f.progress.condition || e'\n)';
  end if;

  f.batch := f.tried;
  loop
    begin
      execute format(f.statement, f.progress.part, f.row_condition || f.chosen_condition)
      into f.written_here, f.locked_here
      using f.config.destination_number, f.config.schema_name, f.config.table_name, f.config.key,
            f.config.key_numbers, f.picked, f.config.column_mode = 'only', f.batch,
            f.progress.part::oid, f.config.captured_oid, f.looked_at, f.config.source_number,
            f.config.key_forms;
      f.written := f.written + f.written_here;
      f.locked := f.locked || f.locked_here;
    exception when serialization_failure then
      -- A row has just moved to another partition, and PostgreSQL fails whoever locks it then. Again by halves, until it is alone:
      -- its move is a delete and an insert, which have messages of their own.
      if f.by_range then
        execute format('select array(select t.ctid from only %s t where %s)', f.progress.part, f.row_condition || f.chosen_condition) into f.batch;
        f.by_range := false;
        f.row_condition := f.tried_condition;
      end if;
      if cardinality(f.batch) > 1 then
        f.sizes := array[cardinality(f.batch) / 2, cardinality(f.batch) - cardinality(f.batch) / 2] || f.sizes;
        f.rest := f.batch || f.rest;
      end if;
    end;
    exit when cardinality(f.sizes) = 0;
    f.batch := f.rest[1:f.sizes[1]];
    f.rest := f.rest[f.sizes[1] + 1:];
    f.sizes := f.sizes[2:];
  end loop;

  f.locked := f.progress.locked_places[cardinality(f.tried) + 1:] || f.locked;
  if f.last_block >= f.progress.end_block and cardinality(f.locked) = 0 then
    delete from outbox.backfill_progress b
    where b.source = backfill_step.source and b.destination = backfill_step.destination and b.part = f.progress.part;
  else
    update outbox.backfill_progress b
    set next_block = f.last_block, locked_places = f.locked, rows_written = b.rows_written + f.written
    where b.source = backfill_step.source and b.destination = backfill_step.destination and b.part = f.progress.part;
  end if;

  if f.written > 0 and f.config.notify then
    perform outbox_internal.ring(backfill_step.destination, f.config.doorbell);
  end if;
  if f.written = 0 and cardinality(f.tried) > 0 and cardinality(f.locked) >= cardinality(f.progress.locked_places) then
    return -1;
  end if;
  return f.written;
end
$$;

comment on function outbox_internal.backfill_step(regclass, text, boolean) is 'Writes messages for the next few blocks of a table that is being backfilled.';
revoke execute on function outbox_internal.backfill_step(regclass, text, boolean) from public;
