-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.captured_table: the table under whose name a capture's trigger writes: the one that outbox.capture was called for.
--
-- For a partition that is captured through a parent, that parent, however far up; for every other table itself. Told by the
-- triggers, which a dump carries along, not by oids, which it does not. Not in SQL, which PostgreSQL would plan anew in each statement.
--
-- parameters: trigger_oid  pg_trigger.oid
-- returns:    the table, null when there is no such trigger
-- reads:      pg_trigger
create or replace function outbox_internal.captured_table(trigger_oid oid) returns regclass
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive upwards (source, parent) as (
      select t.tgrelid, t.tgparentid from pg_trigger t where t.oid = captured_table.trigger_oid
      union all
      select t.tgrelid, t.tgparentid from upwards u join pg_trigger t on t.oid = u.parent
    )
    select u.source::regclass from upwards u where u.parent = 0);
end
$$;

comment on function outbox_internal.captured_table(oid) is 'The table under whose name a capture''s trigger writes: itself, or a captured parent.';
revoke execute on function outbox_internal.captured_table(oid) from public;
