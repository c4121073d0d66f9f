-- outbox.discard_failed: takes failed messages off the table, oldest first.
--
-- parameters: as of outbox.requeue_failed
-- returns:    how many
-- writes:     outbox.message; tells the relay
create or replace function outbox.discard_failed(
  destination text default null,
  error_like text default null,
  since timestamptz default null,
  up_to integer default null
) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  gone bigint;
begin
  with picked as materialized (
    select f.id
    from outbox.message f
    where f.state = 'failed'
      and (discard_failed.destination is null or f.destination = discard_failed.destination)
      and (discard_failed.error_like is null or f.last_error like discard_failed.error_like)
      and (discard_failed.since is null or f.created_at >= discard_failed.since)
    order by f.id + 0 -- not by the primary key, for the same reason
    limit discard_failed.up_to
    for update
  ), deleted as (
    -- Looked up one by one: a join may be planned as a walk over the whole table, and over what was delivered.
    delete from outbox.message m where m.id = any (array(select p.id from picked p))
    returning m.destination
  ), per_destination as (
    select d.destination, count(*) as messages from deleted d group by d.destination
  ), told as (
    select p.messages, pg_notify('outbox_control', p.destination) from per_destination p
  )
  select coalesce(sum(t.messages), 0) into gone from told t;
  return gone;
end
$$;

comment on function outbox.discard_failed(text, text, timestamptz, integer) is 'Takes failed messages off the table undelivered; returns how many.';
revoke execute on function outbox.discard_failed(text, text, timestamptz, integer) from public;
