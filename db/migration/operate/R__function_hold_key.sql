-- SPDX-License-Identifier: Apache-2.0
-- outbox.hold_key: holds the messages of one key, until outbox.release_key. They keep their places.
--
-- The relay takes it as a change of settings: what is in flight is answered first, then the key's
-- messages are held in the table. So they are after a crash and a take-over.
--
-- parameters: destination  outbox.destination.name
--             key          the key, as it stands in outbox.message
--             source       the table; null: messages of outbox.publish
--             reason       to be shown
-- returns:    whether it was not held before
-- raises:     undefined_object, when there is no such destination; null_value_not_allowed for
--             key; invalid_parameter_value, when the table was never captured; feature_not_supported, when the
--             destination keeps no order; program_limit_exceeded, when it holds 1,000 keys already
-- reads:      outbox.destination, outbox.source
-- writes:     outbox.held_key, whose trigger tells the relay
create or replace function outbox.hold_key(
  destination text, key text, source regclass default null, reason text default null) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  most constant integer := 1000;
  target record;
  its_number integer := 0;
begin
  select d.name, d.ordering into target from outbox.destination d where d.name = hold_key.destination;
  if target.name is null then
    raise exception 'destination % does not exist', coalesce(quote_literal(hold_key.destination), 'null')
      using errcode = 'undefined_object';
  end if;
  if hold_key.key is null then
    raise exception 'key is null' using errcode = 'null_value_not_allowed',
      hint = 'Messages without a key wait for nothing, and nothing waits for them.';
  end if;
  if target.ordering <> 'key' then
    raise exception 'destination %: it keeps no order, so it holds no key', quote_literal(target.name)
      using errcode = 'feature_not_supported', hint = 'Set ordering to ''key'', or pause the destination.';
  end if;
  if hold_key.source is not null then
    select s.number into its_number from outbox.source s where s.relation = hold_key.source
    order by s.number limit 1;
    if its_number is null then
      raise exception 'table % was never captured', hold_key.source
        using errcode = 'invalid_parameter_value', hint = 'For messages of outbox.publish leave source out.';
    end if;
  end if;
  if (select count(*) from outbox.held_key h where h.destination = target.name) >= most then
    raise exception 'destination %: % keys are held already', quote_literal(target.name), most
      using errcode = 'program_limit_exceeded', hint = 'Pause the destination.';
  end if;
  insert into outbox.held_key (destination, source, gate, key, reason)
  values (target.name, its_number, case when octet_length(hold_key.key) <= 200 then hold_key.key
    else 'hash ' || hashtextextended(hold_key.key, 0)::text end,
    hold_key.key, hold_key.reason)
  on conflict do nothing;
  return found;
end
$$;

comment on function outbox.hold_key(text, text, regclass, text) is
  'Holds the messages of one key until outbox.release_key; they keep their places.
destination: outbox.destination.name. key: as it stands in outbox.message. source: the table; null:
messages of outbox.publish. reason: to be shown.
Returns whether it was not held before. Errors: undefined_object when there is no such destination;
null_value_not_allowed for key; invalid_parameter_value when the table was never captured;
feature_not_supported when the destination keeps no order; program_limit_exceeded when 1,000 keys are
held already.';
revoke execute on function outbox.hold_key(text, text, regclass, text) from public;
