-- SPDX-License-Identifier: Apache-2.0
-- outbox.release_key: lets the messages of a key go that outbox.hold_key holds, in their order.
--
-- parameters: destination  outbox.destination.name
--             key          the key
--             source       the table; null: whatever they are of
-- returns:    whether it was held
-- reads:      outbox.source
-- writes:     outbox.held_key, whose trigger tells the relay
create or replace function outbox.release_key(
  destination text, key text, source regclass default null) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  delete from outbox.held_key h
  where h.destination = release_key.destination and h.key = release_key.key
    and (release_key.source is null
      or h.source in (select s.number from outbox.source s where s.relation = release_key.source));
  return found;
end
$$;

comment on function outbox.release_key(text, text, regclass) is
  'Lets the messages of a key go that outbox.hold_key holds, in their order.
destination: outbox.destination.name. key: the key. source: the table; null: whatever they are of.
Returns whether it was held.';
revoke execute on function outbox.release_key(text, text, regclass) from public;
