-- SPDX-License-Identifier: Apache-2.0
-- outbox.capture_truncate: writes one message for a TRUNCATE; statement-level trigger.
--
-- A TRUNCATE holds the table exclusively, so every change before it is committed: its id is larger
-- than theirs.
--
-- parameters: the trigger's arguments, see outbox.capture
-- writes:     outbox.pending
create or replace function outbox.capture_truncate() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into outbox.pending (destination, source, op, headers, schema_name, table_name)
  select tg_argv[1]::integer, tg_argv[2]::integer, 't', outbox_internal.headers(),
         case when renamed.yes then tg_table_schema end, case when renamed.yes then tg_table_name end
  from (values (tg_table_name <> tg_argv[6] or tg_table_schema <> tg_argv[5])) as renamed(yes);

  if tg_argv[3] <> '' and outbox_internal.bell_wanted()
      and not pg_try_advisory_xact_lock_shared(7021001, tg_argv[3]::integer) then
    perform pg_notify('outbox', tg_argv[4]);
  end if;
  return null;
end
$$;

comment on function outbox.capture_truncate() is
  'Trigger function, made part of a table by outbox.capture alone: a message for a TRUNCATE.';
revoke execute on function outbox.capture_truncate() from public;
