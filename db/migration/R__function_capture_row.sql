-- outbox.capture_row: writes a message for one row; row-level trigger.
--
-- Serves where a statement-level trigger would see too little or too late: partitioned tables and partitions, inheritance,
-- conditions, and tables with other row triggers that may change the same row again before the statement ends.
-- What must not be stored is left out first, so that the key cannot be taken from a column that has got the name of one of the key's.
--
-- parameters: the trigger's arguments, see outbox.capture
-- reads:      pg_class, pg_namespace and pg_trigger for the name of a captured partitioned table
-- writes:     outbox.message
create or replace function outbox.capture_row() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'iso_8601'
set bytea_output = 'hex'
set extra_float_digits = 1
set lc_monetary = 'C'
as $$
declare
  context json;
  picked text[];
  keep boolean; -- true: the columns picked are sent, false: they are left out, null: all are sent
  looked_at text[]; -- the columns that a row is reduced to, or by, before its key is taken; null: it need not be
  key_names text[];
  -- Where the key is the table's first column, rows begin with its name, unless a column has been renamed.
  key_start text := case when tg_argv[4] = '{1}' then '{"' || tg_argv[2] || '":' else '{' end;
  schema_name text := tg_table_schema;
  table_name text := tg_table_name;
  old_value json;
  new_value json;
  old_key text;
  new_key text;
begin
  if current_setting('outbox.headers', true) <> '' then
    context := outbox.headers();
  end if;
  if tg_argv[5] <> 'all' then
    keep := tg_argv[5] = 'only';
    picked := outbox.captured_columns(tg_relid, tg_argv[10]::oid, tg_argv[6]::text[], tg_argv[7]::smallint[]);
    if keep then
      -- Another column that has got the name of one of the key's is not looked at.
      key_names := outbox.captured_key(tg_relid, tg_argv[10]::oid, tg_argv[3]::text[], tg_argv[4]::smallint[], tg_argv[14]::text[]);
      if key_names <> tg_argv[3]::text[] then
        looked_at := picked || key_names;
      end if;
    else
      -- Another column that has got the name of one that is left out is left out too.
      picked := picked || tg_argv[6]::text[];
      looked_at := picked;
    end if;
  end if;

  if tg_op <> 'INSERT' then
    old_value := row_to_json(old);
    if looked_at is not null then
      old_value := outbox.pick_columns(old_value, looked_at, keep);
    end if;
    old_key := case when tg_argv[3] <> '{}' then
           coalesce(case when strpos(old_value::text, E'\\u') = 0 and starts_with(old_value::text, key_start) then old_value ->> tg_argv[2] end, outbox.trigger_key(old_value, tg_relid, tg_argv))
         end;
    if keep then
      old_value := outbox.pick_columns(old_value, picked, true);
    end if;
  end if;
  if tg_op <> 'DELETE' then
    new_value := row_to_json(new);
    if looked_at is not null then
      new_value := outbox.pick_columns(new_value, looked_at, keep);
    end if;
    new_key := case when tg_argv[3] <> '{}' then
           coalesce(case when strpos(new_value::text, E'\\u') = 0 and starts_with(new_value::text, key_start) then new_value ->> tg_argv[2] end, outbox.trigger_key(new_value, tg_relid, tg_argv))
         end;
    if keep then
      new_value := outbox.pick_columns(new_value, picked, true);
    end if;
  end if;
  if tg_op = 'UPDATE' and tg_argv[9] = 't' and old_key is not distinct from new_key
      and old_value::text = new_value::text then
    return null;
  end if;
  if tg_argv[8] <> 't' then
    old_value := null;
  end if;

  if tg_relid <> tg_argv[10]::oid then
    -- A partition: its rows go under the name of the table that was captured.
    select n.nspname, c.relname
    into schema_name, table_name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.oid = tg_argv[10]::oid and c.oid in (select a.relid from pg_partition_ancestors(tg_relid) a);
    if not found then
      -- Restored from a dump: the oid in the arguments means nothing.
      select n.nspname, c.relname
      into schema_name, table_name
      from pg_trigger t
      join pg_class c on c.oid = outbox.captured_table(t.oid)
      join pg_namespace n on n.oid = c.relnamespace
      where t.tgrelid = tg_relid and t.tgname = tg_name;
    end if;
  end if;

  if tg_op = 'UPDATE' and old_key is distinct from new_key then
    insert into outbox.message (destination, op, source_schema, source_table, key, headers, old_row)
    values (tg_argv[0], 'delete', schema_name, table_name, old_key, context, old_value);
    insert into outbox.message (destination, op, source_schema, source_table, key, headers, new_row)
    values (tg_argv[0], 'insert', schema_name, table_name, new_key, context, new_value);
  else
    insert into outbox.message (destination, op, source_schema, source_table, key, headers, old_row, new_row)
    values (tg_argv[0], lower(tg_op collate "C"), schema_name, table_name,
            case when tg_op = 'DELETE' then old_key else new_key end, context, old_value, new_value);
  end if;

  if tg_argv[1] <> '' and outbox.bell_wanted()
      and not pg_try_advisory_xact_lock_shared(7021001, tg_argv[1]::integer) then
    perform pg_notify('outbox', tg_argv[0]);
  end if;
  return null;
end
$$;

comment on function outbox.capture_row() is 'Trigger function: a message for one row.';
revoke execute on function outbox.capture_row() from public;
