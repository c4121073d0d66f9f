-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.let_go: makes held messages of a destination pending, when it has no order any more.
--
-- A destination without order holds nothing: it was given up while messages were held.
-- SECURITY DEFINER, so that a relay needs no right to insert into outbox.pending.
--
-- parameters: destination  outbox.destination.name
--             up_to        at most so many
-- returns:    how many
-- reads:      outbox.destination
-- writes:     outbox.parked, outbox.pending
create or replace function outbox_internal.let_go(destination text, up_to integer) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  changed integer;
begin
  with picked as (
    select m.destination, m.id
    from outbox.destination d
    join outbox.parked m on (m.destination + 0) = d.number
    where d.name = let_go.destination and d.ordering = 'none' and m.state = 'held'
    order by m.id
    limit let_go.up_to
    for update of m
  ), moved as (
    delete from outbox.parked m using picked
    where m.destination = picked.destination and m.id = picked.id
    returning m.*
  )
  insert into outbox.pending (
    id, xid, created_at, destination, source, op, key, new_row, old_row, type, headers, tx,
    schema_name, table_name, first_failed_at, requeued, requeued_by, expires_at)
  select m.id, pg_current_xact_id(), m.created_at, m.destination, m.source, m.op, m.key, m.new_row,
         m.old_row, m.type, m.headers, coalesce(m.tx, m.xid), m.schema_name, m.table_name,
         m.first_failed_at, m.requeued, m.requeued_by, m.expires_at
  from moved m;
  get diagnostics changed = row_count;
  return changed;
end
$$;

comment on function outbox_internal.let_go(text, integer) is
  'Makes held messages of a destination pending, when it has no order any more.';
revoke execute on function outbox_internal.let_go(text, integer) from public;
