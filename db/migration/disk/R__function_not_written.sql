-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.not_written: has an INSERT leave a row out; the trigger by which outbox.stop_capturing works.
create or replace function outbox_internal.not_written() returns trigger
language plpgsql
as $$
begin
  return null;
end
$$;

comment on function outbox_internal.not_written() is
  'Trigger function, made part of outbox.pending by outbox.stop_capturing alone: leaves a row out.';
revoke execute on function outbox_internal.not_written() from public;
