-- SPDX-License-Identifier: Apache-2.0
-- outbox.requeue_failed: makes failed messages owed again, oldest first.
--
-- parameters: destination  only this destination's
--             error_like   only those whose last error is LIKE this
--             since        only those written at this time or later
--             up_to        at most so many
--             failed_since only those that were set aside at this time or later
-- returns:    how many
-- writes:     outbox.parked, outbox.pending; tells the relay
create or replace function outbox.requeue_failed(
  destination text default null,
  error_like text default null,
  since timestamptz default null,
  up_to integer default null,
  failed_since timestamptz default null
) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  requeued bigint;
begin
  with picked as materialized (
    select f.destination, f.id
    from outbox.parked f
    join outbox.destination_number n on n.number = f.destination
    where f.state = 'failed'
      and (requeue_failed.destination is null or n.name = requeue_failed.destination)
      and (requeue_failed.error_like is null or f.last_error like requeue_failed.error_like)
      and (requeue_failed.since is null or f.created_at >= requeue_failed.since)
      and (requeue_failed.failed_since is null or f.failed_at >= requeue_failed.failed_since)
    order by f.id + 0 -- not by the primary key, for the same reason
    limit requeue_failed.up_to
    for update of f
  ), moved as (
    delete from outbox.parked m using picked
    where m.destination = picked.destination and m.id = picked.id
    returning m.*
  ), written as (
    insert into outbox.pending (
      id, xid, created_at, destination, source, op, key, new_row, old_row, type, headers, tx,
      schema_name, table_name, first_failed_at, requeued, requeued_by)
    select m.id, pg_current_xact_id(), m.created_at, m.destination, m.source, m.op, m.key, m.new_row,
           m.old_row, m.type, m.headers, coalesce(m.tx, m.xid), m.schema_name, m.table_name,
           m.first_failed_at, coalesce(m.requeued, 0) + 1, session_user
    from moved m
    returning pending.destination
  ), per_destination as (
    select w.destination, count(*) as messages from written w group by w.destination
  ), told as (
    select p.messages, pg_notify('outbox_control', n.name),
           case when d.name is not null then outbox_internal.ring(d.name, d.doorbell)::text end
    from per_destination p
    join outbox.destination_number n on n.number = p.destination
    left join outbox.destination d on d.number = p.destination
    offset 0
  )
  select coalesce(sum(t.messages), 0) into requeued from told t;
  return requeued;
end
$$;

comment on function outbox.requeue_failed(text, text, timestamptz, integer, timestamptz) is
  'Makes messages that were set aside owed again, oldest first.
destination: only this one''s. error_like: only those whose last error is LIKE this. since: only those
written at this time or later. up_to: at most so many. failed_since: only those that were set aside
at this time or later. Null: no such limit. Returns how many.';
revoke execute on function outbox.requeue_failed(text, text, timestamptz, integer, timestamptz) from public;
