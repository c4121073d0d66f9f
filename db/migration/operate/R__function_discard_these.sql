-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.discard_these: takes failed messages of one destination off the table, by their
-- ids.
--
-- In one statement and by the whole primary key, as outbox_internal.requeue_these.
--
-- parameters: destination  outbox.destination_number.name
--             ids          ids in ascending order
-- returns:    how many
-- writes:     outbox.parked; tells the relay, since later messages of their keys may wait behind them
create or replace function outbox_internal.discard_these(destination text, ids bigint[])
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  of_number constant integer := (
    select n.number from outbox.destination_number n where n.name = discard_these.destination);
  gone bigint;
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
  )
  delete from outbox.parked m where m.ctid = any (array(select k.place from picked k));
  get diagnostics gone = row_count;
  if gone > 0 then
    perform pg_notify('outbox_control', discard_these.destination);
  end if;
  return gone;
end
$$;

comment on function outbox_internal.discard_these(text, bigint[]) is
  'Gives up messages of one destination that were set aside, by their ids.';
revoke execute on function outbox_internal.discard_these(text, bigint[]) from public;
