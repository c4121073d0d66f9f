-- SPDX-License-Identifier: Apache-2.0
-- outbox.capture_update: writes a message for each row of an UPDATE; statement-level trigger.
--
-- Old and new row stand at the same place in the two transition tables: PostgreSQL fills them in
-- step. A row whose key has changed becomes a delete of the old key and an insert of the new one, so
-- that both keys' order holds; all such deletes come before everything else of the statement, since a
-- key may pass from one row to another within it.
-- The common case stands apart, as in outbox.capture_insert: there one row alone, whose key has
-- not changed. Whatever else there is has written nothing, and goes the long way.
-- What must not be stored is left out first, so that the key cannot be taken from a column that has
-- got the name of one of the key's.
--
-- parameters: the trigger's arguments, see outbox.capture
-- reads:      old_rows, new_rows
-- writes:     outbox.pending
create or replace function outbox.capture_update() returns trigger
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
    insert into outbox.pending (destination, source, op, key, new_row, old_row)
    select tg_argv[1]::integer, tg_argv[2]::integer, 'u', r.key, r.new_value, r.old_value
    from (
      select row_to_json(o.*) as old_value, row_to_json(n.*) as new_value,
             concat(k."outbox: the first column") as key
      from old_rows o
      cross join new_rows n
      cross join lateral (select n.*) as k("outbox: the first column")
      where not exists (select from new_rows offset 1)
      offset 0
    ) r
    where starts_with(r.new_value::text, concat(tg_argv[7], r.key, tg_argv[8]))
      and starts_with(r.old_value::text, concat(tg_argv[7], r.key, tg_argv[8]));
    if found then
      if not pg_try_advisory_xact_lock_shared(7021001, tg_argv[3]::integer) then
        perform pg_notify('outbox', tg_argv[4]);
      end if;
      return null;
    end if;
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
    destination, source, op, key, headers, schema_name, table_name, old_row, new_row)
  select tg_argv[1]::integer, tg_argv[2]::integer, p.op,
         case when p.op = 'd' then p.old_key else p.new_key end,
         context, schema_name, table_name,
         case when p.op <> 'i' and settings.include_old then p.old_value end,
         case when p.op <> 'd' then p.new_value end
  from (
    select k.position, k.old_key, k.new_key,
           case when keep then outbox_internal.pick_columns(k.old_value, picked, true)
             else k.old_value end as old_value,
           case when keep then outbox_internal.pick_columns(k.new_value, picked, true)
             else k.new_value end as new_value,
           case when k.old_key is not distinct from k.new_key then 'u'
             when part.number = 0 then 'd' else 'i' end::"char" as op,
           part.number as part
    from (
      select o.position, o.value as old_value, n.value as new_value,
             outbox_internal.sent_key(o.value, o.value::text, tg_relid, key_start, settings.captured,
               settings.key_names, settings.key_numbers, settings.key_forms) as old_key,
             outbox_internal.sent_key(n.value, n.value::text, tg_relid, key_start, settings.captured,
               settings.key_names, settings.key_numbers, settings.key_forms) as new_key
      from (
        select w.position,
               case when looked_at is not null then outbox_internal.pick_columns(w.value, looked_at, keep)
                 else w.value end as value
        from (
          select row_number() over () as position, row_to_json(t.*) as value from old_rows t) w
        offset 0
      ) o
      join (
        select w.position,
               case when looked_at is not null then outbox_internal.pick_columns(w.value, looked_at, keep)
                 else w.value end as value
        from (
          select row_number() over () as position, row_to_json(t.*) as value from new_rows t) w
        offset 0
      ) n on n.position = o.position
      offset 0
    ) k
    cross join (values (0), (1)) as part(number)
    where part.number = 1 or k.old_key is distinct from k.new_key
    offset 0
  ) p
  where not settings.skip_unchanged or p.op <> 'u'
    or p.old_value::text is distinct from p.new_value::text
  order by p.part, p.position;
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

comment on function outbox.capture_update() is
  'Trigger function, made part of a table by outbox.capture alone: a message for each row of an UPDATE.';
revoke execute on function outbox.capture_update() from public;
