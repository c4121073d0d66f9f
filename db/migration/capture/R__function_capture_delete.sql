-- SPDX-License-Identifier: Apache-2.0
-- outbox.capture_delete: writes a message for each row of a DELETE; statement-level trigger.
--
-- One INSERT for the whole statement, in the order of its rows, then the doorbell once. Nothing here
-- waits for another session. The settings make the JSON the same whatever the writer's session says.
-- The common case stands apart, since PostgreSQL prepares for each statement whatever an expression
-- may have to call: all columns, a key in the first column, no headers, the table's first name.
-- There the row must begin as it did at the capture, with that column's text: then its name is the
-- key's still, and its text is what JSON has. A list of names gives the column a name that is always
-- the same; concat writes it without a cast that somebody may have made for its type.
-- The transition table stands in a subquery of its own, so that no column of the captured table can
-- be taken for anything else. What must not be stored is left out first, so that the key cannot be
-- taken from a column that has got the name of one of the key's.
--
-- parameters: the trigger's arguments, see outbox.capture
-- reads:      old_rows
-- writes:     outbox.pending
create or replace function outbox.capture_delete() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'iso_8601'
set bytea_output = 'hex'
set extra_float_digits = 1
set lc_monetary = 'C'
set quote_all_identifiers = off
as $$
declare
  settings outbox_internal.capture_settings;
  schema_name text; -- with table_name: where the table is not called what outbox.source says
  table_name text;
  context json;
  picked text[];
  keep boolean; -- true: the columns picked are sent, false: left out, null: all are sent
  looked_at text[]; -- what a row is reduced to, or by, before its key is taken; null: nothing
  key_names text[];
  key_start text; -- how a row begins where its key can be taken by name; null: it cannot
begin
  if tg_argv[0] = tg_table_schema || '.' || tg_table_name
      and coalesce(greatest(
        current_setting('outbox.headers', true), current_setting('outbox.notify', true)), '') = '' then
    insert into outbox.pending (destination, source, op, key, old_row)
    select tg_argv[1]::integer, tg_argv[2]::integer, 'd',
           case when starts_with(r.value::text, concat(tg_argv[7], r.key, tg_argv[8])) then r.key
             else outbox_internal.trigger_key(r.value, tg_relid, tg_argv) end,
           r.value
    from (
      select row_to_json(t.*) as value, concat(k."outbox: the first column") as key
      from old_rows t cross join lateral (select t.*) as k("outbox: the first column")
      offset 0
    ) r;
    if found and not pg_try_advisory_xact_lock_shared(7021001, tg_argv[3]::integer) then
      perform pg_notify('outbox', tg_argv[4]);
    end if;
    return null;
  end if;

  settings := tg_argv[9]::outbox_internal.capture_settings;
  context := outbox_internal.headers();
  if tg_table_name <> tg_argv[6] or tg_table_schema <> tg_argv[5] then
    schema_name := tg_table_schema;
    table_name := tg_table_name;
  end if;
  if settings.column_mode <> 'all' then
    keep := settings.column_mode = 'only';
    picked := outbox_internal.captured_columns(
      tg_relid, settings.captured, settings.column_names, settings.column_numbers);
    if keep then
      -- Another column that has got the name of one of the key's is not looked at.
      key_names := outbox_internal.captured_key(
        tg_relid, settings.captured, settings.key_names, settings.key_numbers, settings.all_columns);
      if key_names <> settings.key_names then
        looked_at := picked || key_names;
      end if;
    else
      -- Another column that has got the name of one that is left out is left out too.
      picked := picked || settings.column_names;
      looked_at := picked;
    end if;
  end if;
  key_start := outbox_internal.key_start(settings.key_names, settings.key_numbers);

  insert into outbox.pending (
    destination, source, op, key, headers, schema_name, table_name, old_row)
  select tg_argv[1]::integer, tg_argv[2]::integer, 'd',
         outbox_internal.sent_key(r.value, r.value::text, tg_relid, key_start, settings.captured,
           settings.key_names, settings.key_numbers, settings.key_forms),
         context, schema_name, table_name,
         case when settings.include_old then
           case when keep then outbox_internal.pick_columns(r.value, picked, true) else r.value end
         end
  from (
    select case when looked_at is not null then outbox_internal.pick_columns(w.value, looked_at, keep)
           else w.value end as value
    from (select row_to_json(t.*) as value from old_rows t offset 0) w
    offset 0
  ) r;
  if not found then
    return null;
  end if;

  if tg_argv[3] <> '' and outbox_internal.bell_wanted()
      and not pg_try_advisory_xact_lock_shared(7021001, tg_argv[3]::integer) then
    perform pg_notify('outbox', tg_argv[4]);
  end if;
  return null;
end
$$;

comment on function outbox.capture_delete() is
  'Trigger function, made part of a table by outbox.capture alone: a message for each row of a DELETE.';
revoke execute on function outbox.capture_delete() from public;
