-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.detaching_from: whether a partition belongs to a table but for a DETACH ... CONCURRENTLY that was not finished.
--
-- Until it is, the partition keeps the table's triggers and its column numbers, and can be written to, but pg_partition_ancestors
-- does not know of the table any more.
--
-- parameters: relation  a table
--             captured  a partitioned table, or whatever else has its oid
-- returns:    true or false
-- reads:      pg_inherits
create or replace function outbox_internal.detaching_from(relation oid, captured oid) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    with recursive above (relid) as (
      select detaching_from.relation
      union
      select i.inhparent from above a join pg_inherits i on i.inhrelid = a.relid
    )
    select from above a
    where a.relid = detaching_from.captured
      and exists (select from pg_inherits i join above b on b.relid = i.inhrelid where i.inhdetachpending));
end
$$;

comment on function outbox_internal.detaching_from(oid, oid) is 'Whether a partition belongs to a table but for an unfinished DETACH CONCURRENTLY.';
revoke execute on function outbox_internal.detaching_from(oid, oid) from public;
