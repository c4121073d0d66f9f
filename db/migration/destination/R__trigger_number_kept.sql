-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.number_kept: refuses to take a number away from its destination or table: messages and
-- captures know these by it.
--
-- reads: nothing
create or replace function outbox_internal.number_kept() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'rows of outbox.% are only added', tg_table_name
    using errcode = 'object_in_use', hint = 'Messages and captures know their names by them.';
end
$$;

comment on function outbox_internal.number_kept() is 'Trigger function: refuses to take a number away.';
revoke execute on function outbox_internal.number_kept() from public;

create or replace trigger number_kept
  before update or delete on outbox.destination_number
  for each row execute function outbox_internal.number_kept();
create or replace trigger number_kept_all
  before truncate on outbox.destination_number
  for each statement execute function outbox_internal.number_kept();
create or replace trigger number_kept
  before update of number, schema_name, table_name or delete on outbox.source
  for each row execute function outbox_internal.number_kept();
create or replace trigger number_kept_all
  before truncate on outbox.source
  for each statement execute function outbox_internal.number_kept();
