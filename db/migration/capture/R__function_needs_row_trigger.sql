-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.needs_row_trigger: whether a table must be captured row by row.
--
-- Statement-level triggers cost a bulk statement a third, but do not serve for
--   partitioned tables, partitions, parents and children: a statement fires only the triggers of the table that it names;
--   tables with other AFTER ... FOR EACH ROW triggers, or a foreign key to themselves that changes rows: these may change the
--   same row again before the statement ends, and the later change would be written first;
--   tables with a foreign key that can change a column of the capture's key: where the statement changes the same row by
--   itself too (WITH), both steps share one transition table, and would be taken for those of two rows;
--   tables with two foreign keys by which one statement on another table can change a row twice: all that the keys do in a
--   statement shares one transition table an operation, so an update could be written after the delete of its row.
--
-- A disabled trigger counts when a table is captured, since it may be enabled later; it does no harm to a capture that is there.
--
-- parameters: source    the table
--             disabled  whether disabled triggers count
--             key       numbers of the columns of the capture's key
-- reads:      pg_class, pg_inherits, pg_trigger, pg_constraint
drop function if exists outbox_internal.needs_row_trigger(regclass);
drop function if exists outbox_internal.needs_row_trigger(regclass, boolean);

create or replace function outbox_internal.needs_row_trigger(source regclass, disabled boolean default true, key smallint[] default '{}') returns boolean
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
    or exists (
      select from pg_constraint k
      where k.contype = 'f' and k.conrelid = source and k.conkey && key
        and (k.confdeltype in ('n', 'd') or k.confupdtype in ('c', 'n', 'd')))
    or exists (
      -- From which tables on a statement comes down to this one, and by which of its foreign keys.
      with recursive above (foreign_key, relid) as (
        select k.oid, k.confrelid from pg_constraint k where k.contype = 'f' and k.conrelid = source and k.conparentid = 0
        union
        select a.foreign_key, k.confrelid
        from above a
        join pg_constraint k on k.contype = 'f' and k.conrelid = a.relid and (k.confdeltype = 'c' or k.confupdtype = 'c')
      )
      select
      from above one
      join above other on other.relid = one.relid and other.foreign_key <> one.foreign_key
      join pg_constraint k on k.oid = one.foreign_key
      join pg_constraint o on o.oid = other.foreign_key
      where k.confdeltype in ('n', 'd') and o.confdeltype = 'c'
        or (k.confupdtype in ('c', 'n', 'd') and o.confupdtype in ('c', 'n', 'd') or k.confdeltype in ('n', 'd') and o.confdeltype in ('n', 'd'))
          and (k.conkey && key or exists (
            select from pg_index i where i.indrelid = source and i.indisunique and i.indkey::smallint[] && k.conkey)))
$$;

comment on function outbox_internal.needs_row_trigger(regclass, boolean, smallint[]) is 'Whether a table must be captured with row-level triggers.';
revoke execute on function outbox_internal.needs_row_trigger(regclass, boolean, smallint[]) from public;
