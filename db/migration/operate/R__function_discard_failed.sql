-- SPDX-License-Identifier: Apache-2.0
-- outbox.discard_failed: takes failed messages off the table, oldest first.
--
-- parameters: as of outbox.requeue_failed
-- returns:    how many
-- writes:     outbox.parked; tells the relay
create or replace function outbox.discard_failed(
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
  gone bigint;
begin
  with picked as materialized (
    select f.destination, f.id
    from outbox.parked f
    join outbox.destination_number n on n.number = f.destination
    where f.state = 'failed'
      and (discard_failed.destination is null or n.name = discard_failed.destination)
      and (discard_failed.error_like is null or f.last_error like discard_failed.error_like)
      and (discard_failed.since is null or f.created_at >= discard_failed.since)
      and (discard_failed.failed_since is null or f.failed_at >= discard_failed.failed_since)
    order by f.id + 0 -- not by the primary key, for the same reason
    limit discard_failed.up_to
    for update of f
  ), deleted as (
    delete from outbox.parked m using picked
    where m.destination = picked.destination and m.id = picked.id
    returning m.destination
  ), per_destination as (
    select d.destination, count(*) as messages from deleted d group by d.destination
  ), told as (
    select p.messages, pg_notify('outbox_control', n.name)
    from per_destination p join outbox.destination_number n on n.number = p.destination
  )
  select coalesce(sum(t.messages), 0) into gone from told t;
  return gone;
end
$$;

comment on function outbox.discard_failed(text, text, timestamptz, integer, timestamptz) is
  'Gives up messages that were set aside, oldest first.
destination: only this one''s. error_like: only those whose last error is LIKE this. since: only those
written at this time or later. up_to: at most so many. failed_since: only those that were set aside
at this time or later. Null: no such limit. Returns how many.';
revoke execute on function outbox.discard_failed(text, text, timestamptz, integer, timestamptz) from public;
