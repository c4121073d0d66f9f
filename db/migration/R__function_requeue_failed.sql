-- outbox.requeue_failed: makes failed messages owed again, oldest first.
--
-- parameters: destination  only this destination's
--             error_like   only those whose last error is LIKE this
--             since        only those written at this time or later
--             up_to        at most so many
-- returns:    how many
-- writes:     outbox.message
create or replace function outbox.requeue_failed(
  destination text default null,
  error_like text default null,
  since timestamptz default null,
  up_to integer default null
) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  changed bigint;
begin
  -- Apart, so that it is asked once: in a join it would go on to further rows for each row that it is compared with.
  with picked as materialized (
    select f.id
    from outbox.message f
    where f.state = 'failed'
      and (requeue_failed.destination is null or f.destination = requeue_failed.destination)
      and (requeue_failed.error_like is null or f.last_error like requeue_failed.error_like)
      and (requeue_failed.since is null or f.created_at >= requeue_failed.since)
    order by f.id + 0 -- not by the primary key, for the same reason
    limit requeue_failed.up_to
    for update
  )
  update outbox.message m
  set state = 'pending'
  -- Looked up one by one: a join may be planned as a walk over the whole table, and over what was delivered.
  where m.id = any (array(select p.id from picked p));
  get diagnostics changed = row_count;
  return changed;
end
$$;

comment on function outbox.requeue_failed(text, text, timestamptz, integer) is 'Makes failed messages owed again, oldest first; returns how many.';
revoke execute on function outbox.requeue_failed(text, text, timestamptz, integer) from public;
