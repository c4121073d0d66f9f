-- SPDX-License-Identifier: Apache-2.0
-- outbox.shed: gives up the oldest messages of a destination, to save the disk, and notes what they were.
--
-- One step: call it until it returns 0, each time in a transaction of its own. What goes is owed or
-- set aside; kept messages and the marks of TRUNCATE stay. The mark is small, and what it says holds
-- for everything before it: a receiver that missed it would keep rows that are gone. The order of a
-- key stays: its later messages follow without the earlier ones.
-- Rows that somebody has locked, such as a relay that completes them, are passed over.
--
-- parameters: destination  outbox.destination.name
--             up_to        so many messages, 100,000 at most
--             reason       for outbox.shed_record
-- returns:    how many
-- writes:     outbox.pending, outbox.parked, outbox.shed_record; tells the relay
create or replace function outbox.shed(
  destination text,
  up_to integer default 10000,
  reason text default null
) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from outbox.destination_number n where n.name = shed.destination) then
    raise exception 'destination % does not exist', coalesce(quote_literal(shed.destination), 'null')
      using errcode = 'undefined_object';
  end if;
  if shed.up_to is null or shed.up_to not between 1 and 100000 then
    raise exception 'up_to is %, need 1 to 100000', coalesce(shed.up_to::text, 'null')
      using errcode = 'invalid_parameter_value', hint = 'Call it again for more.';
  end if;
  return (
    select s.messages
    from outbox_internal.shed_oldest(shed.destination, shed.up_to, session_user, shed.reason) s);
end
$$;

comment on function outbox.shed(text, integer, text) is
  'Gives up the oldest messages of a destination, and notes in outbox.shed_record what they were.
destination: outbox.destination.name. up_to: so many, 100000 at most; call it again for more.
reason: for the record. Marks of TRUNCATE and kept messages stay. Returns how many.
Errors: undefined_object when there is no such destination; invalid_parameter_value for up_to.';
revoke execute on function outbox.shed(text, integer, text) from public;
