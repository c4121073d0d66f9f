-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.message_truncated: truncate ... restart identity does not give ids out again, and relays
-- hear of a truncate.
--
-- A relay that awaits an acknowledgement for message 7 takes row 7 off the table when it comes:
-- that must not be another one's by then.
--
-- writes: the sequence of outbox.message.id
create or replace function outbox_internal.message_truncated() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  ids constant regclass := outbox_internal.id_sequence();
  reached bigint;
begin
  if tg_when = 'BEFORE' then
    perform set_config('outbox.reached', coalesce(pg_sequence_last_value(ids), 0)::text, true);
    return null;
  end if;
  reached := current_setting('outbox.reached');
  if reached > coalesce(pg_sequence_last_value(ids), 0) then
    perform setval(ids, reached);
  end if;
  perform pg_notify('outbox_control', '');
  return null;
end
$$;

comment on function outbox_internal.message_truncated() is
  'Trigger function: keeps the sequence of ids through truncate ... restart identity.';
revoke execute on function outbox_internal.message_truncated() from public;

create or replace trigger message_truncated_before
  before truncate on outbox.pending
  for each statement execute function outbox_internal.message_truncated();

create or replace trigger message_truncated
  after truncate on outbox.pending
  for each statement execute function outbox_internal.message_truncated();

create or replace trigger message_truncated_before
  before truncate on outbox.parked
  for each statement execute function outbox_internal.message_truncated();

create or replace trigger message_truncated
  after truncate on outbox.parked
  for each statement execute function outbox_internal.message_truncated();
