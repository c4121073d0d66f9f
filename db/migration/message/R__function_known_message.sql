-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.known_message: the message that a text means: '1042' or, as receivers say it,
-- '1042-hoe22fla2o'.
--
-- A number is that of one message, unless the sequence has once gone back: then messages of several
-- destinations may bear it, and only what receivers say tells them apart.
--
-- parameters: message_id  either form
-- returns:    destination and outbox.message.id; nothing when no message has the id, or when the
--             second part is not that of the row: the id is of another change, whose number was
--             given out again
-- reads:      outbox.pending and outbox.parked, by their primary keys: a destination at a time, whatever
--             the planner believes of how many there are
-- raises:     invalid_text_representation, when it has neither form; cardinality_violation, when
--             several messages have the number
create or replace function outbox_internal.known_message(message_id text)
returns table (known_destination text, known_id bigint)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  parts constant text[] := regexp_match(message_id, '^([0-9]{1,19})(-[0-9a-z]{1,13})?$');
  names text[];
begin
  if message_id is null then
    return;
  end if;
  if parts is null or parts[1]::numeric > 9223372036854775807 then
    raise exception '% is not a message''s id', quote_literal(left(message_id, 100))
      using errcode = 'invalid_text_representation',
            hint = 'An id is a number, or as receivers say it: ''1042-hoe22fla2o''.';
  end if;

  select max(m.destination), max(m.id),
         array_agg(format('%L (%s)', outbox.wire_id(m.id, m.created_at), m.destination)
           order by m.destination)
  into known_destination, known_id, names
  from (
    select n.name as destination, r.id, r.created_at
    from outbox.destination_number n
    cross join lateral (
      select p.id, p.created_at
      from outbox.pending p where p.destination = n.number and p.id = parts[1]::bigint
      union all
      select p.id, p.created_at
      from outbox.parked p where p.destination = n.number and p.id = parts[1]::bigint
      offset 0
    ) r
  ) m
  where parts[2] is null or outbox.wire_id(m.id, m.created_at) = known_message.message_id;
  if cardinality(names) > 1 then
    raise exception 'several messages have the number %', message_id
      using errcode = 'cardinality_violation',
            hint = 'Name one as receivers do: ' || array_to_string(names[1:5], ', ') || '.';
  end if;
  if known_id is not null then
    return next;
  end if;
end
$$;

comment on function outbox_internal.known_message(text) is
  'The message that a text means: a number, or an id as receivers know it.';
revoke execute on function outbox_internal.known_message(text) from public;
