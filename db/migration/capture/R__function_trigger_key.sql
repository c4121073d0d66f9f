-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.trigger_key: outbox_internal.row_key for a trigger function, which has what it needs in its arguments.
--
-- It is named in statements that run for every write, and called only where the key does not stand
-- at the row's beginning as it did when the table was captured.
--
-- parameters: row_value  what row_to_json made of the row
--             relation   the table whose trigger fires
--             arguments  tg_argv, as outbox.capture wrote it
-- returns:    as outbox_internal.row_key
-- reads:      pg_attribute
create or replace function outbox_internal.trigger_key(row_value json, relation oid, arguments text[]) returns text
language plpgsql stable
as $$
declare
  settings constant outbox_internal.capture_settings := arguments[9]::outbox_internal.capture_settings;
begin
  return outbox_internal.row_key(
    row_value, relation, settings.captured, settings.key_names, settings.key_numbers,
    settings.key_forms);
end
$$;

comment on function outbox_internal.trigger_key(json, oid, text[]) is
  'The key of a captured row, for the trigger functions.';
revoke execute on function outbox_internal.trigger_key(json, oid, text[]) from public;
