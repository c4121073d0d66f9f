-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.write_change: writes the messages of one row's change; the work of outbox.capture_row.
--
-- A function of its own because PL/pgSQL keeps a copy of a trigger function, plans included, for
-- each trigger that a session has fired: a table of a thousand partitions has three thousand. Of
-- this one a session keeps one. The common case stands apart, as in outbox.capture_insert.
-- What must not be stored is left out first, so that the key cannot be taken from a column that has
-- got the name of one of the key's.
--
-- Called for each row, by a function that pins the settings: it has none of its own, which would
-- double its cost.
--
-- parameters: operation     INSERT, UPDATE or DELETE
--             relation      the table whose trigger fires
--             trigger_name  its trigger
--             present_schema, present_table  the table's names
--             arguments     the trigger's, from 0 on, see outbox.capture
--             old_value     what row_to_json made of the old row, null for an insert
--             new_value     what row_to_json made of the new row, null for a delete
-- reads:      pg_class, pg_namespace and pg_trigger for the name of a captured partitioned table
-- writes:     outbox.pending
create or replace function outbox_internal.write_change(
  operation text,
  relation oid,
  trigger_name name,
  present_schema text,
  present_table text,
  arguments text[],
  old_value json,
  new_value json
) returns void
language plpgsql
as $$
declare
  settings outbox_internal.capture_settings;
  context json;
  picked text[];
  keep boolean; -- true: the columns picked are sent, false: left out, null: all are sent
  looked_at text[]; -- what a row is reduced to, or by, before its key is taken; null: nothing
  key_names text[];
  key_start text;
  old_key text;
  new_key text;
  written boolean := false;
begin
  if arguments[0] = present_schema || '.' || present_table
      and coalesce(greatest(
        current_setting('outbox.headers', true), current_setting('outbox.notify', true)), '') = '' then
    insert into outbox.pending (destination, source, op, key, new_row, old_row)
    select arguments[1]::integer, arguments[2]::integer,
           case operation when 'INSERT' then 'i' when 'UPDATE' then 'u' else 'd' end::"char",
           replace(k.head, arguments[7], ''), new_value, old_value
    from (
      select split_part(coalesce(new_value, old_value)::text, arguments[8], 1) as head offset 0
    ) k
    where rtrim(k.head, '-.0123456789abcdef') = arguments[7]
      and (operation <> 'UPDATE' or starts_with(old_value::text, k.head || arguments[8]));
    written := found;
  end if;

  if not written then
    settings := arguments[9]::outbox_internal.capture_settings;
    context := outbox_internal.headers();
    key_start := outbox_internal.key_start(settings.key_names, settings.key_numbers);
    if settings.column_mode <> 'all' then
      keep := settings.column_mode = 'only';
      picked := outbox_internal.captured_columns(
        relation, settings.captured, settings.column_names, settings.column_numbers);
      if keep then
        -- Another column that has got the name of one of the key's is not looked at.
        key_names := outbox_internal.captured_key(
          relation, settings.captured, settings.key_names, settings.key_numbers, settings.all_columns);
        if key_names <> settings.key_names then
          looked_at := picked || key_names;
        end if;
      else
        -- Another column that has got the name of one that is left out is left out too.
        picked := picked || settings.column_names;
        looked_at := picked;
      end if;
    end if;

    if operation <> 'INSERT' then
      if looked_at is not null then
        old_value := outbox_internal.pick_columns(old_value, looked_at, keep);
      end if;
      old_key := outbox_internal.sent_key(old_value, old_value::text, relation, key_start,
        settings.captured, settings.key_names, settings.key_numbers, settings.key_forms);
      if keep then
        old_value := outbox_internal.pick_columns(old_value, picked, true);
      end if;
    end if;
    if operation <> 'DELETE' then
      if looked_at is not null then
        new_value := outbox_internal.pick_columns(new_value, looked_at, keep);
      end if;
      new_key := outbox_internal.sent_key(new_value, new_value::text, relation, key_start,
        settings.captured, settings.key_names, settings.key_numbers, settings.key_forms);
      if keep then
        new_value := outbox_internal.pick_columns(new_value, picked, true);
      end if;
    end if;
    if operation = 'UPDATE' and settings.skip_unchanged and old_key is not distinct from new_key
        and old_value::text = new_value::text then
      return;
    end if;
    if not settings.include_old then
      old_value := null;
    end if;

    if relation <> settings.captured then
      -- A partition: its rows go under the name of the table that was captured.
      select n.nspname, c.relname
      into present_schema, present_table
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where c.oid = settings.captured
        and c.oid in (select a.relid from pg_partition_ancestors(relation) a);
      if not found then
        -- Restored from a dump: the oid in the arguments means nothing.
        select n.nspname, c.relname
        into present_schema, present_table
        from pg_trigger t
        join pg_class c on c.oid = outbox_internal.captured_table(t.oid)
        join pg_namespace n on n.oid = c.relnamespace
        where t.tgrelid = relation and t.tgname = write_change.trigger_name;
      end if;
    end if;
    if present_table = arguments[6] and present_schema = arguments[5] then
      present_schema := null;
      present_table := null;
    end if;

    if operation = 'UPDATE' and old_key is distinct from new_key then
      insert into outbox.pending (
        destination, source, op, key, headers, schema_name, table_name, old_row)
      values (arguments[1]::integer, arguments[2]::integer, 'd', old_key, context,
        present_schema, present_table, old_value);
      insert into outbox.pending (
        destination, source, op, key, headers, schema_name, table_name, new_row)
      values (arguments[1]::integer, arguments[2]::integer, 'i', new_key, context,
        present_schema, present_table, new_value);
    else
      insert into outbox.pending (
        destination, source, op, key, headers, schema_name, table_name, old_row, new_row)
      values (arguments[1]::integer, arguments[2]::integer,
        case operation when 'INSERT' then 'i' when 'UPDATE' then 'u' else 'd' end,
        case when operation = 'DELETE' then old_key else new_key end, context,
        present_schema, present_table, old_value, new_value);
    end if;
  end if;

  if arguments[3] <> '' and outbox_internal.bell_wanted()
      and not pg_try_advisory_xact_lock_shared(7021001, arguments[3]::integer) then
    perform pg_notify('outbox', arguments[4]);
  end if;
end
$$;

comment on function outbox_internal.write_change(text, oid, name, text, text, text[], json, json) is
  'Writes the messages of one row''s change.';
revoke execute on function outbox_internal.write_change(text, oid, name, text, text, text[], json, json)
  from public;
