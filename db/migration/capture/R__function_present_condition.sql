-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.present_condition: the condition of a capture as PostgreSQL writes it out now, with the present names of columns.
--
-- Only the trigger for updates has it on both rows. Where updates are not captured, it is on the row that there is.
-- To write it out PostgreSQL waits for whoever has locked the table against readers; after a second this gives up.
--
-- parameters: source, destination  a capture
-- returns:    the condition, null when there is none, its trigger is gone, or the table is locked
-- reads:      outbox_internal.capture_detail, pg_trigger
create or replace function outbox_internal.present_condition(source regclass, destination text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
begin
  return (
    select outbox_internal.trigger_condition(d.trigger_oid)
    from outbox_internal.capture_detail d
    where d.source = present_condition.source and d.destination = present_condition.destination
      and d.level = 'row' and (d.operation = 'update' or 'update' <> all (d.wanted))
    order by d.operation = 'delete'
    limit 1);
exception when lock_not_available then
  return null;
end
$$;

comment on function outbox_internal.present_condition(regclass, text) is 'The condition of a capture as PostgreSQL writes it out now.';
revoke execute on function outbox_internal.present_condition(regclass, text) from public;
