-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.source_number: the number of a captured table, given out at its first capture.
--
-- The number keeps the order of the table's messages, so it stays with the table through a rename:
-- it is told by the table's oid, or else by the name. It is a hash of the name at first, so that a
-- capture which a dump carries into another database means the same table there.
--
-- parameters: schema_name, table_name  the table's name
--             relation                 the table, null for the name alone
-- returns:    outbox.source.number
-- writes:     outbox.source
create or replace function outbox_internal.source_number(schema_name text, table_name text, relation regclass default null)
returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
<<f>>
declare
  known integer;
  seed bigint := 0;
  name_hash bigint;
begin
  loop
    select s.number into f.known
    from outbox.source s
    where s.relation = source_number.relation
    -- Should a dump have given one table two numbers: the one of its name.
    order by (s.schema_name, s.table_name) = (source_number.schema_name, source_number.table_name) desc
    limit 1;
    if found then
      return f.known;
    end if;

    -- One by that name, unless another table has its number now.
    update outbox.source s
    set relation = coalesce(source_number.relation, s.relation)
    where s.number = (
      select o.number from outbox.source o
      where o.schema_name = source_number.schema_name and o.table_name = source_number.table_name
        and (source_number.relation is null or not exists (select from pg_class c where c.oid = o.relation))
      order by o.number limit 1)
    returning s.number into f.known;
    if found then
      return f.known;
    end if;

    f.name_hash := hashtextextended(source_number.schema_name collate "C", f.seed)
      # hashtextextended(source_number.table_name collate "C", f.seed + 1);
    insert into outbox.source (number, schema_name, table_name, relation)
    values (greatest(1, (f.name_hash & 2147483647)::integer),
      source_number.schema_name, source_number.table_name, source_number.relation)
    on conflict do nothing;
    f.seed := f.seed + 1;
  end loop;
end
$$;

comment on function outbox_internal.source_number(text, text, regclass) is 'The number of a captured table.';
revoke execute on function outbox_internal.source_number(text, text, regclass) from public;
