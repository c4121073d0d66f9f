-- SPDX-License-Identifier: Apache-2.0
-- outbox.capture_row: writes a message for one row; row-level trigger.
--
-- Serves where a statement-level trigger would see too little or too late: partitioned tables and partitions, inheritance,
-- conditions, and tables with other row triggers that may change the same row again before the statement ends.
-- As short as can be: a session keeps a copy of it, plans included, for each trigger that it has fired.
--
-- parameters: the trigger's arguments, see outbox.capture
-- writes:     what outbox_internal.write_change writes
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
set quote_all_identifiers = off
as $$
begin
  perform outbox_internal.write_change(tg_op, tg_relid, tg_name, tg_table_schema, tg_table_name, tg_argv,
    case when tg_op <> 'INSERT' then row_to_json(old) end, case when tg_op <> 'DELETE' then row_to_json(new) end);
  return null;
end
$$;

comment on function outbox.capture_row() is
  'Trigger function, made part of a table by outbox.capture alone: a message for one row. The owner of
a captured partitioned table holds EXECUTE on it, for the partitions that he adds.';
revoke execute on function outbox.capture_row() from public;
