-- SPDX-License-Identifier: Apache-2.0
-- outbox.mend_ids: sets the sequence of outbox.message.id past every row that there is, where it
-- stands behind one.
--
-- Upward only, and writers go on meanwhile: a million is added, so that what they draw between the
-- look and the setting does not have the sequence fall back. (Stepping by nextval would take
-- minutes for a large gap; a lock on the sequence waits for every transaction that has written, and
-- writers for it.)
--
-- returns: what the sequence was set to, null when it was not behind
-- writes:  the sequence of outbox.message.id
create or replace function outbox.mend_ids() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  greatest_id constant bigint := outbox_internal.ids_behind();
  ids constant regclass := outbox_internal.id_sequence();
begin
  if greatest_id is null then
    return null;
  end if;
  return setval(ids, greatest(greatest_id, pg_sequence_last_value(ids)) + 1000000);
end
$$;

comment on function outbox.mend_ids() is
  'Sets the sequence of ids past every message, where it stands behind one: else captured writes would
fail. Relays do it too. Returns what it was set to, null when it was not behind.';
revoke execute on function outbox.mend_ids() from public;
