-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.row_key: the key of a row, where it is not simply the text of one column.
--
-- One column: its value as text (this function is asked only when the column seems to be null, renamed or replaced, or the row holds a \u).
-- Several columns: a JSON array of their values without white space, [17,"a"].
-- Values that PostgreSQL takes for equal make one key, see outbox_internal.key_form.
--
-- A key that begins with the table's first column is checked against the beginning of the row, which costs next to nothing,
-- so that a name which another column has got is not followed. Where it begins with another column, only a name that is gone or null is.
--
-- Called for each row, by functions that pin the search_path: it has no setting of its own, which would double its cost.
--
-- parameters: row_value  what row_to_json made of the row
--             relation   the table whose trigger fires
--             captured   the table that was captured, at that time
--             names      the key's columns, at that time
--             numbers    their numbers
--             forms      their forms, null when all are taken as they are
-- returns:    null when there is no key, or its only column is null
-- reads:      pg_attribute
create or replace function outbox_internal.row_key(
  row_value json, relation oid, captured oid, names text[], numbers smallint[], forms text[]
) returns text
language plpgsql stable
as $$
declare
  present text[] := names;
begin
  if row_value is null or cardinality(names) = 0 then
    return null;
  end if;
  if strpos(row_value::text, E'\\u') > 0 then
    row_value := outbox_internal.defused(row_value, '');
  end if;
  if exists (select from unnest(names) as n(name) where row_value ->> n.name is null)
      or (numbers[1] = 1 and not starts_with(row_value::text, '{"' || names[1] || '":')) then
    if relation = captured or captured in (select a.relid from pg_partition_ancestors(relation) a) or outbox_internal.detaching_from(relation, captured) then
      -- The number's column, whatever its name is now; the name's where that one is gone or empty, as after the replacement of a column.
      present := array(
        select case when a.attname is null or (row_value ->> a.attname is null and row_value ->> n.name is not null) then n.name else a.attname::text end
        from unnest(names, numbers) with ordinality as n(name, number, position)
        left join pg_attribute a on a.attrelid = captured and a.attnum = n.number and not a.attisdropped
        order by n.position);
    end if;
    -- Dropped, or renamed after a restore from a dump: no write may fail for its order among the others. The doctor finds it.
    select coalesce(array_agg(n.name order by n.position), '{}'),
           case when forms is not null then array_agg(n.form order by n.position) end
    into present, forms
    from unnest(present, forms) with ordinality as n(name, form, position)
    where row_value -> n.name is not null;
  end if;
  if cardinality(present) = 0 then
    return null;
  end if;
  if cardinality(names) = 1 then
    return case when forms is null then row_value ->> present[1]
      else outbox_internal.one_text(row_value -> present[1], forms[1]) #>> '{}' end;
  end if;
  return (
    select '[' || string_agg(
        case when forms is null then row_value -> n.name
          else outbox_internal.one_text(row_value -> n.name, n.form) end::text, ',' order by n.position) || ']'
    from unnest(present, forms) with ordinality as n(name, form, position));
end
$$;

comment on function outbox_internal.row_key(json, oid, oid, text[], smallint[], text[]) is 'The key of a captured row: one column''s text, or a JSON array.';
revoke execute on function outbox_internal.row_key(json, oid, oid, text[], smallint[], text[]) from public;
