-- SPDX-License-Identifier: Apache-2.0
-- outbox.release: stops capturing a table; what is owed already stays owed.
--
-- parameters: source       the table
--             destination  only to this destination, null for all
-- returns:    whether anything was captured
-- writes:     pg_trigger, what outbox.tidy writes
create or replace function outbox.release(source regclass, destination text default null) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
declare
  dropped integer;
begin
  if exists (
    select from outbox_internal.capture_detail t
    where t.source = release.source and t.inherited and (release.destination is null or t.destination = release.destination)
  ) and not exists (
    select from outbox_internal.capture_detail t
    where t.source = release.source and not t.inherited and (release.destination is null or t.destination = release.destination)
  ) then
    raise exception '% is captured through the partitioned table that it belongs to', release.source
      using errcode = 'object_not_in_prerequisite_state',
            hint = format('Release that one: select outbox.release(%L).', pg_partition_root(release.source)::regclass::text);
  end if;
  dropped := outbox_internal.drop_capture(release.source, release.destination);
  perform outbox.tidy();
  return dropped > 0;
end
$$;

comment on function outbox.release(regclass, text) is
  'Stops capturing a table. Messages that are owed already stay. Needs the ownership of the table.
source: the table. destination: only to this one, null for all. Returns whether it was captured.
Errors: object_not_in_prerequisite_state when it is captured through a partitioned table.';
revoke execute on function outbox.release(regclass, text) from public;
