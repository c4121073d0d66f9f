-- outbox.write_change: writes the messages of one row's change; the work of outbox.capture_row.
--
-- A function of its own because PL/pgSQL keeps a copy of a trigger function, plans included, for each trigger that a session
-- has fired: a table of a thousand partitions has three thousand. Of this one a session keeps one.
-- What must not be stored is left out first, so that the key cannot be taken from a column that has got the name of one of the key's.
--
-- Called for each row, by a function that pins the settings: it has none of its own, which would double its cost.
--
-- parameters: operation     INSERT, UPDATE or DELETE
--             relation      the table whose trigger fires
--             trigger_name  its trigger
--             schema_name, table_name  the table's names
--             arguments     the trigger's, from 0 on, see outbox.capture
--             old_value     what row_to_json made of the old row, null for an insert
--             new_value     what row_to_json made of the new row, null for a delete
-- reads:      pg_class, pg_namespace and pg_trigger for the name of a captured partitioned table
-- writes:     outbox.message
create or replace function outbox.write_change(
  operation text,
  relation oid,
  trigger_name name,
  schema_name text,
  table_name text,
  arguments text[],
  old_value json,
  new_value json
) returns void
language plpgsql
as $$
declare
  context json;
  picked text[];
  keep boolean; -- true: the columns picked are sent, false: they are left out, null: all are sent
  looked_at text[]; -- the columns that a row is reduced to, or by, before its key is taken; null: it need not be
  key_names text[];
  -- Where the key is the table's first column, rows begin with its name, unless a column has been renamed.
  key_start text := case when arguments[4] = '{1}' then '{"' || arguments[2] || '":' else '{' end;
  old_key text;
  new_key text;
begin
  if current_setting('outbox.headers', true) <> '' then
    context := outbox.headers();
  end if;
  if arguments[5] <> 'all' then
    keep := arguments[5] = 'only';
    picked := outbox.captured_columns(relation, arguments[10]::oid, arguments[6]::text[], arguments[7]::smallint[]);
    if keep then
      -- Another column that has got the name of one of the key's is not looked at.
      key_names := outbox.captured_key(relation, arguments[10]::oid, arguments[3]::text[], arguments[4]::smallint[], arguments[14]::text[]);
      if key_names <> arguments[3]::text[] then
        looked_at := picked || key_names;
      end if;
    else
      -- Another column that has got the name of one that is left out is left out too.
      picked := picked || arguments[6]::text[];
      looked_at := picked;
    end if;
  end if;

  if operation <> 'INSERT' then
    if looked_at is not null then
      old_value := outbox.pick_columns(old_value, looked_at, keep);
    end if;
    old_key := case when arguments[3] <> '{}' then
           coalesce(case when strpos(old_value::text, E'\\u') = 0 and starts_with(old_value::text, key_start) then old_value ->> arguments[2] end, outbox.trigger_key(old_value, relation, arguments))
         end;
    if keep then
      old_value := outbox.pick_columns(old_value, picked, true);
    end if;
  end if;
  if operation <> 'DELETE' then
    if looked_at is not null then
      new_value := outbox.pick_columns(new_value, looked_at, keep);
    end if;
    new_key := case when arguments[3] <> '{}' then
           coalesce(case when strpos(new_value::text, E'\\u') = 0 and starts_with(new_value::text, key_start) then new_value ->> arguments[2] end, outbox.trigger_key(new_value, relation, arguments))
         end;
    if keep then
      new_value := outbox.pick_columns(new_value, picked, true);
    end if;
  end if;
  if operation = 'UPDATE' and arguments[9] = 't' and old_key is not distinct from new_key
      and old_value::text = new_value::text then
    return;
  end if;
  if arguments[8] <> 't' then
    old_value := null;
  end if;

  if relation <> arguments[10]::oid then
    -- A partition: its rows go under the name of the table that was captured.
    select n.nspname, c.relname
    into schema_name, table_name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.oid = arguments[10]::oid and c.oid in (select a.relid from pg_partition_ancestors(relation) a);
    if not found then
      -- Restored from a dump: the oid in the arguments means nothing.
      select n.nspname, c.relname
      into schema_name, table_name
      from pg_trigger t
      join pg_class c on c.oid = outbox.captured_table(t.oid)
      join pg_namespace n on n.oid = c.relnamespace
      where t.tgrelid = relation and t.tgname = write_change.trigger_name;
    end if;
  end if;

  if operation = 'UPDATE' and old_key is distinct from new_key then
    insert into outbox.message (destination, op, source_schema, source_table, key, headers, old_row)
    values (arguments[0], 'delete', schema_name, table_name, old_key, context, old_value);
    insert into outbox.message (destination, op, source_schema, source_table, key, headers, new_row)
    values (arguments[0], 'insert', schema_name, table_name, new_key, context, new_value);
  else
    insert into outbox.message (destination, op, source_schema, source_table, key, headers, old_row, new_row)
    values (arguments[0], lower(operation collate "C"), schema_name, table_name,
            case when operation = 'DELETE' then old_key else new_key end, context, old_value, new_value);
  end if;

  if arguments[1] <> '' and outbox.bell_wanted()
      and not pg_try_advisory_xact_lock_shared(7021001, arguments[1]::integer) then
    perform pg_notify('outbox', arguments[0]);
  end if;
end
$$;

comment on function outbox.write_change(text, oid, name, text, text, text[], json, json) is 'Writes the messages of one row''s change.';
revoke execute on function outbox.write_change(text, oid, name, text, text, text[], json, json) from public;
