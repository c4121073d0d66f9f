-- outbox.capture_insert: writes a message for each row of an INSERT; statement-level trigger.
--
-- One INSERT for the whole statement, in the order of its rows, then the doorbell once. Nothing here waits for another
-- session. The settings make the JSON the same whatever the writer's session says.
-- The transition table stands in a subquery of its own, so that no column of the captured table can be taken for anything else.
-- What must not be stored is left out first, so that the key cannot be taken from a column that has got the name of one of the key's.
--
-- parameters: the trigger's arguments, see outbox.capture
-- reads:      new_rows
-- writes:     outbox.message
create or replace function outbox.capture_insert() returns trigger
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
  context json;
  picked text[];
  keep boolean; -- true: the columns picked are sent, false: they are left out, null: all are sent
  looked_at text[]; -- the columns that a row is reduced to, or by, before its key is taken; null: it need not be
  key_names text[];
  -- Where the key is the table's first column, rows begin with its name, unless a column has been renamed.
  key_start text := case when tg_argv[4] = '{1}' then '{"' || tg_argv[2] || '":' else '{' end;
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

  insert into outbox.message (destination, op, source_schema, source_table, key, headers, new_row)
  select tg_argv[0], 'insert', tg_table_schema, tg_table_name,
         case when tg_argv[3] <> '{}' then
           coalesce(case when strpos(r.value::text, E'\\u') = 0 and starts_with(r.value::text, key_start) then r.value ->> tg_argv[2] end, outbox.trigger_key(r.value, tg_relid, tg_argv))
         end,
         context,
         case when keep then outbox.pick_columns(r.value, picked, true) else r.value end
  from (
    select case when looked_at is not null then outbox.pick_columns(w.value, looked_at, keep) else w.value end as value
    from (select row_to_json(t.*) as value from new_rows t offset 0) w
    offset 0
  ) r;
  if not found then
    return null;
  end if;

  if tg_argv[1] <> '' and outbox.bell_wanted()
      and not pg_try_advisory_xact_lock_shared(7021001, tg_argv[1]::integer) then
    perform pg_notify('outbox', tg_argv[0]);
  end if;
  return null;
end
$$;

comment on function outbox.capture_insert() is 'Trigger function: a message for each row of an INSERT.';
revoke execute on function outbox.capture_insert() from public;
