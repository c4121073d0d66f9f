-- outbox.capture_update: writes a message for each row of an UPDATE; statement-level trigger.
--
-- Old and new row stand at the same place in the two transition tables: PostgreSQL fills them in step. A row whose key
-- has changed becomes a delete of the old key and an insert of the new one, so that both keys' order holds; all such deletes
-- come before everything else of the statement, since a key may pass from one row to another within it.
-- What must not be stored is left out first, so that the key cannot be taken from a column that has got the name of one of the key's.
--
-- parameters: the trigger's arguments, see outbox.capture
-- reads:      old_rows, new_rows
-- writes:     outbox.message
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
  context json;
  picked text[];
  keep boolean; -- true: the columns picked are sent, false: they are left out, null: all are sent
  looked_at text[]; -- the columns that a row is reduced to, or by, before its key is taken; null: it need not be
  key_names text[];
  -- Where the key is the table's first column, rows begin with its name, unless a column has been renamed.
  key_start text := case when tg_argv[4] = '{1}' then '{"' || tg_argv[2] || '":' else '{' end;
  old_value json;
  new_value json;
  old_key text;
  new_key text;
  several boolean;
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

  -- One row, as most statements have: no pairing, for two thirds of the cost.
  select row_to_json(o.*), row_to_json(n.*), exists (select from new_rows offset 1)
  into old_value, new_value, several
  from old_rows o cross join new_rows n
  limit 1;
  if not found then
    return null;
  end if;
  if not several then
    if looked_at is not null then
      old_value := outbox.pick_columns(old_value, looked_at, keep);
      new_value := outbox.pick_columns(new_value, looked_at, keep);
    end if;
    old_key := case when tg_argv[3] <> '{}' then
        coalesce(case when strpos(old_value::text, E'\\u') = 0 and starts_with(old_value::text, key_start) then old_value ->> tg_argv[2] end, outbox.trigger_key(old_value, tg_relid, tg_argv))
      end;
    new_key := case when tg_argv[3] <> '{}' then
        coalesce(case when strpos(new_value::text, E'\\u') = 0 and starts_with(new_value::text, key_start) then new_value ->> tg_argv[2] end, outbox.trigger_key(new_value, tg_relid, tg_argv))
      end;
    if keep then
      old_value := outbox.pick_columns(old_value, picked, true);
      new_value := outbox.pick_columns(new_value, picked, true);
    end if;
    if old_key is distinct from new_key then
      insert into outbox.message (destination, op, source_schema, source_table, key, headers, old_row)
      values (tg_argv[0], 'delete', tg_table_schema, tg_table_name, old_key, context, case when tg_argv[8] = 't' then old_value end);
      insert into outbox.message (destination, op, source_schema, source_table, key, headers, new_row)
      values (tg_argv[0], 'insert', tg_table_schema, tg_table_name, new_key, context, new_value);
    elsif tg_argv[9] = 'f' or old_value::text <> new_value::text then
      insert into outbox.message (destination, op, source_schema, source_table, key, headers, old_row, new_row)
      values (tg_argv[0], 'update', tg_table_schema, tg_table_name, new_key, context,
              case when tg_argv[8] = 't' then old_value end, new_value);
    else
      return null;
    end if;
  else
    insert into outbox.message (destination, op, source_schema, source_table, key, headers, old_row, new_row)
    select tg_argv[0], p.op, tg_table_schema, tg_table_name,
           case when p.op = 'delete' then p.old_key else p.new_key end,
           context,
           case when p.op <> 'insert' and tg_argv[8] = 't' then p.old_value end,
           case when p.op <> 'delete' then p.new_value end
    from (
      select k.position, k.old_key, k.new_key,
             case when keep then outbox.pick_columns(k.old_value, picked, true) else k.old_value end as old_value,
             case when keep then outbox.pick_columns(k.new_value, picked, true) else k.new_value end as new_value,
             case when k.old_key is not distinct from k.new_key then 'update' when part.number = 0 then 'delete' else 'insert' end as op,
             part.number as part
      from (
        select o.position, o.value as old_value, n.value as new_value,
           case when tg_argv[3] <> '{}' then
             coalesce(case when strpos(o.value::text, E'\\u') = 0 and starts_with(o.value::text, key_start) then o.value ->> tg_argv[2] end, outbox.trigger_key(o.value, tg_relid, tg_argv))
           end as old_key,
           case when tg_argv[3] <> '{}' then
             coalesce(case when strpos(n.value::text, E'\\u') = 0 and starts_with(n.value::text, key_start) then n.value ->> tg_argv[2] end, outbox.trigger_key(n.value, tg_relid, tg_argv))
           end as new_key
        from (
          select w.position, case when looked_at is not null then outbox.pick_columns(w.value, looked_at, keep) else w.value end as value
          from (select row_number() over () as position, row_to_json(t.*) as value from old_rows t) w
          offset 0
        ) o
        join (
          select w.position, case when looked_at is not null then outbox.pick_columns(w.value, looked_at, keep) else w.value end as value
          from (select row_number() over () as position, row_to_json(t.*) as value from new_rows t) w
          offset 0
        ) n on n.position = o.position
        offset 0
      ) k
      cross join (values (0), (1)) as part(number)
      where part.number = 1 or k.old_key is distinct from k.new_key
      offset 0
    ) p
    where tg_argv[9] = 'f' or p.op <> 'update' or p.old_value::text is distinct from p.new_value::text
    order by p.part, p.position;
    if not found then
      return null;
    end if;
  end if;

  if tg_argv[1] <> '' and outbox.bell_wanted()
      and not pg_try_advisory_xact_lock_shared(7021001, tg_argv[1]::integer) then
    perform pg_notify('outbox', tg_argv[0]);
  end if;
  return null;
end
$$;

comment on function outbox.capture_update() is 'Trigger function: a message for each row of an UPDATE.';
revoke execute on function outbox.capture_update() from public;
