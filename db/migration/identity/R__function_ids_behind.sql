-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.ids_behind: whether the sequence of outbox.message.id stands behind rows that there are:
-- then it gives out ids that are taken, and the application's writes fail.
--
-- It comes to that where rows are brought in by something other than the sequence: logical
-- replication, a dump's data without its sequences, a hand. One statement: rows that are visible to
-- it had their ids before the sequence is looked at, so that a writer in between is not taken for
-- it.
--
-- returns: the greatest id, null when the sequence is not behind
-- reads:   outbox.message and its sequence
create or replace function outbox_internal.ids_behind() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select max(m.id)
    from (select coalesce(pg_sequence_last_value(outbox_internal.id_sequence()), 0) as id offset 0) l
    cross join outbox.destination_number n
    -- Beyond that id in each destination, with which the primary keys begin: as a rule nothing.
    cross join lateral (
      select p.id from outbox.pending p where p.destination = n.number and p.id > l.id
      union all
      select p.id from outbox.parked p where p.destination = n.number and p.id > l.id
      offset 0
    ) m);
end
$$;

comment on function outbox_internal.ids_behind() is
  'The greatest message id, where the sequence stands behind it; null where it does not.';
revoke execute on function outbox_internal.ids_behind() from public;
