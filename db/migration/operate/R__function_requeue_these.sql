-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.requeue_these: makes failed messages of one destination owed again, by their ids.
--
-- One statement for a thousand of them: through the view each would be planned, looked for and told
-- of alone. Each is looked up by the whole primary key, whatever the planner believes of the table,
-- in the order of the ids that are given. One that has another state by now is left alone.
--
-- parameters: destination  outbox.destination_number.name
--             ids          ids in ascending order
-- returns:    how many
-- writes:     outbox.parked, outbox.pending; tells the relay
create or replace function outbox_internal.requeue_these(destination text, ids bigint[])
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  of_number constant integer := (
    select n.number from outbox.destination_number n where n.name = requeue_these.destination);
  target record;
  requeued bigint;
begin
  with picked as materialized (
    select l.place
    from unnest(ids) as i (id)
    cross join lateral (
      select p.ctid as place
      from outbox.parked p
      where p.destination = of_number and p.id = i.id and p.state = 'failed'
      offset 0
      for update) l
  ), moved as (
    delete from outbox.parked m where m.ctid = any (array(select k.place from picked k))
    returning m.*
  )
  insert into outbox.pending (
    id, xid, created_at, destination, source, op, key, new_row, old_row, type, headers, tx,
    schema_name, table_name)
  select m.id, pg_current_xact_id(), m.created_at, m.destination, m.source, m.op, m.key, m.new_row,
         m.old_row, m.type, m.headers, coalesce(m.tx, m.xid), m.schema_name, m.table_name
  from moved m;
  get diagnostics requeued = row_count;
  if requeued > 0 then
    perform pg_notify('outbox_control', requeue_these.destination);
    select d.name, d.doorbell into target from outbox.destination d where d.number = of_number;
    if found then
      perform outbox_internal.ring(target.name, target.doorbell);
    end if;
  end if;
  return requeued;
end
$$;

comment on function outbox_internal.requeue_these(text, bigint[]) is
  'Makes messages of one destination that were set aside owed again, by their ids.';
revoke execute on function outbox_internal.requeue_these(text, bigint[]) from public;
