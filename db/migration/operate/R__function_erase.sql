-- SPDX-License-Identifier: Apache-2.0
-- outbox.erase: erases what is kept or set aside of one key, of all destinations.
--
-- For who must: the row values, keys and errors of a person that is to be forgotten. What is still owed
-- stays, since the receiver has a right to it; it is erased once it is delivered, or by a second call
-- where it is kept. The bytes themselves are overwritten by vacuum, later; and WAL, backups and the
-- receivers have what they have.
--
-- parameters: source  the table; null: messages of outbox.publish
--             key     the key, as it stands in outbox.message
-- returns:    how many messages
-- raises:     null_value_not_allowed for key; invalid_parameter_value, when the table was never captured
-- reads:      outbox.source, outbox.destination_number
-- writes:     outbox.parked; tells the relays, since keys may wait for what is set aside
create or replace function outbox.erase(source regclass, key text) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  numbers integer[] := '{0}';
  gate text;
  erased bigint := 0;
  of_one bigint;
  target record;
begin
  if erase.key is null then
    raise exception 'key is null' using errcode = 'null_value_not_allowed';
  end if;
  if erase.source is not null then
    numbers := array(select s.number from outbox.source s where s.relation = erase.source);
    if cardinality(numbers) = 0 then
      raise exception 'table % was never captured', erase.source
        using errcode = 'invalid_parameter_value', hint = 'For messages of outbox.publish it is null.';
    end if;
  end if;
  gate := case when octet_length(erase.key) <= 200 then erase.key
    else 'hash ' || hashtextextended(erase.key, 0)::text end;
  for target in select n.number, n.name from outbox.destination_number n order by n.name loop
    delete from outbox.parked m
    where m.source = any (numbers)
      and (case when octet_length(m.key) <= 200 then m.key
        else 'hash ' || hashtextextended(m.key, 0)::text end) = gate
      and (m.destination + 0) = target.number
      and (m.state || '') = 'delivered'
      and m.key = erase.key;
    get diagnostics of_one = row_count;
    erased := erased + of_one;
    delete from outbox.parked m
    where (m.destination + 0) = target.number
      and m.source = any (numbers)
      and (case when octet_length(m.key) <= 200 then m.key
        else 'hash ' || hashtextextended(m.key, 0)::text end) = gate
      and m.state in ('retry', 'held', 'failed') and m.state = 'failed'
      and m.key = erase.key;
    get diagnostics of_one = row_count;
    erased := erased + of_one;
    if of_one > 0 then
      perform pg_notify('outbox_control', target.name);
    end if;
  end loop;
  return erased;
end
$$;

comment on function outbox.erase(regclass, text) is
  'Erases what is kept or set aside of one key, of all destinations. What is owed stays.
source: the table; null: messages of outbox.publish. key: as it stands in outbox.message.
Returns how many messages. Errors: null_value_not_allowed for key; invalid_parameter_value when the
table was never captured.';
revoke execute on function outbox.erase(regclass, text) from public;
