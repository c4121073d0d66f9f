-- SPDX-License-Identifier: Apache-2.0
-- outbox.wire_id: a message's id as receivers, logs and operators know it: '1042-hoe22fla2o'.
--
-- The row's id and the microsecond of its change, joined: a sequence can go back (a failover, a
-- cold copy put back, truncate ... restart identity) and then gives a number out again; the pair
-- names one change for ever. The second part is in base 36, lower case; 0 for a time that no clock
-- shows, before 1970 or from the year 10000 on.
--
-- parameters: message_id, created_at  as in outbox.message
-- returns:    the text that is sent as the message's id
create or replace function outbox.wire_id(message_id bigint, created_at timestamptz) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  rest bigint := 0;
  digits text := '';
begin
  if created_at >= '1970-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00' then
    rest := extract(epoch from created_at) * 1000000;
  end if;
  loop
    digits := substr('0123456789abcdefghijklmnopqrstuvwxyz', (rest % 36)::integer + 1, 1) || digits;
    rest := rest / 36;
    exit when rest = 0;
  end loop;
  return message_id || '-' || digits;
end
$$;

comment on function outbox.wire_id(bigint, timestamptz) is
  'A message''s id as receivers, logs and operators know it: 1042-hoe22fla2o.
message_id, created_at: as in outbox.message.';
revoke execute on function outbox.wire_id(bigint, timestamptz) from public;
