-- outbox.capture_truncate: writes one message for a TRUNCATE; statement-level trigger.
--
-- A TRUNCATE holds the table exclusively, so every change before it is committed: its id is larger than theirs.
--
-- parameters: the trigger's arguments, see outbox.capture
-- writes:     outbox.message
create or replace function outbox.capture_truncate() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into outbox.message (destination, op, source_schema, source_table, headers)
  values (tg_argv[0], 'truncate', tg_table_schema, tg_table_name, outbox.headers());

  if tg_argv[1] <> '' and outbox.bell_wanted()
      and not pg_try_advisory_xact_lock_shared(7021001, tg_argv[1]::integer) then
    perform pg_notify('outbox', tg_argv[0]);
  end if;
  return null;
end
$$;

comment on function outbox.capture_truncate() is 'Trigger function: a message for a TRUNCATE.';
revoke execute on function outbox.capture_truncate() from public;
