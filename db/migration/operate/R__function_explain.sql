-- SPDX-License-Identifier: Apache-2.0
-- outbox.explain: why a message waits, or what became of it, by the number alone.
--
-- parameters: message_id  outbox.message.id
-- returns:    as outbox.explain(text)
-- raises:     as outbox.explain(text)
create or replace function outbox.explain(message_id bigint)
returns table (
  reason text, explanation text, behind text, since timestamptz, until timestamptz, remedy text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query select e.* from outbox.explain(explain.message_id::text) e;
end
$$;

comment on function outbox.explain(bigint) is
  'Why a message waits, or what became of it: a row for each reason, the outermost first.
message_id: outbox.message.id.
Returns as outbox.explain(text).
Errors: cardinality_violation when several messages have the number.';
revoke execute on function outbox.explain(bigint) from public;
