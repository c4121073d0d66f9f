-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.drop_capture: drops the triggers by which a table is captured.
--
-- parameters: source       the table
--             destination  only those to this destination, null for all
-- returns:    how many triggers there were
-- reads:      outbox_internal.capture_detail
-- writes:     pg_trigger
create or replace function outbox_internal.drop_capture(source regclass, destination text) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  found_trigger record;
  dropped integer := 0;
begin
  -- The lock that DROP TRIGGER takes, before the look at what there is to drop: somebody else may be at it.
  if exists (
    select from outbox_internal.capture_detail t
    where t.source = drop_capture.source
      and not t.inherited
      and (drop_capture.destination is null or t.destination = drop_capture.destination)
  ) then
    execute format('lock table %s%s in access exclusive mode',
      case when (select c.relkind from pg_class c where c.oid = drop_capture.source) = 'r' then 'only ' end, drop_capture.source);
  end if;

  for found_trigger in
    select t.trigger_name
    from outbox_internal.capture_detail t
    where t.source = drop_capture.source
      and not t.inherited
      and (drop_capture.destination is null or t.destination = drop_capture.destination)
  loop
    execute format('drop trigger %I on %s', found_trigger.trigger_name, drop_capture.source);
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;

comment on function outbox_internal.drop_capture(regclass, text) is 'Drops the triggers by which a table is captured.';
revoke execute on function outbox_internal.drop_capture(regclass, text) from public;
