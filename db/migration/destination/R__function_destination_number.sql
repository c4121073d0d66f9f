-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.destination_number: the number of a destination's name, given out when it is asked for the first time.
--
-- A hash of the name, so that a capture which a dump carries into another database means the same
-- destination there. Another one where two names have one hash.
--
-- parameters: destination  a name, of a destination that there is, was or may be
-- returns:    outbox.destination_number.number
-- writes:     outbox.destination_number
create or replace function outbox_internal.destination_number(destination text) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  known integer;
  seed bigint := 0;
begin
  loop
    select n.number into known
    from outbox.destination_number n where n.name = destination_number.destination;
    if found then
      return known;
    end if;
    insert into outbox.destination_number (number, name)
    values (greatest(1, (hashtextextended(destination_number.destination, seed) & 2147483647)::integer),
      destination_number.destination)
    on conflict do nothing;
    seed := seed + 1;
  end loop;
end
$$;

comment on function outbox_internal.destination_number(text) is 'The number of a destination''s name.';
revoke execute on function outbox_internal.destination_number(text) from public;
