-- outbox.needs_row_trigger: whether a table must be captured row by row.
--
-- Statement-level triggers cost a bulk statement a third, but do not serve for
--   partitioned tables, partitions, parents and children: a statement fires only the triggers of the table that it names;
--   tables with other AFTER ... FOR EACH ROW triggers, or a foreign key to themselves that changes rows: these may change the
--   same row again before the statement ends, and the later change would be written first.
--
-- A disabled trigger counts when a table is captured, since it may be enabled later; it does no harm to a capture that is there.
--
-- parameters: source    the table
--             disabled  whether disabled triggers count
-- reads:      pg_class, pg_inherits, pg_trigger, pg_constraint
drop function if exists outbox.needs_row_trigger(regclass);

create or replace function outbox.needs_row_trigger(source regclass, disabled boolean default true) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (select from pg_class c where c.oid = source and c.relkind = 'p')
    or exists (select from pg_inherits i where source in (i.inhrelid, i.inhparent))
    or exists (
      select from pg_trigger t join pg_proc p on p.oid = t.tgfoid
      where t.tgrelid = source and not t.tgisinternal
        and (disabled or t.tgenabled <> 'D')
        and t.tgtype & 1 = 1       -- for each row
        and t.tgtype & 66 = 0      -- neither before nor instead of: after
        and p.pronamespace <> (select n.oid from pg_namespace n where n.nspname = 'outbox'))
    or exists (
      select from pg_constraint k
      where k.contype = 'f' and k.conrelid = source and k.confrelid = source
        and (k.confdeltype in ('n', 'd') or k.confupdtype in ('c', 'n', 'd')))
$$;

comment on function outbox.needs_row_trigger(regclass, boolean) is 'Whether a table must be captured with row-level triggers.';
revoke execute on function outbox.needs_row_trigger(regclass, boolean) from public;
