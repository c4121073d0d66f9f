-- outbox.row_key: the key of a row, where it is not simply the text of one column.
--
-- One column: its value as text (this function is asked only when the column seems to be null or gone, that is, renamed, or the row holds a \u).
-- Several columns: a JSON array of their values without white space, [17,"a"].
--
-- Called for each row, by functions that pin the search_path: it has no setting of its own, which would double its cost.
--
-- parameters: row_value  what row_to_json made of the row
--             relation   the table whose trigger fires
--             captured   the table that was captured, at that time
--             names      the key's columns, at that time
--             numbers    their numbers
-- returns:    null when there is no key, or its only column is null
-- reads:      pg_attribute
create or replace function outbox.row_key(row_value json, relation oid, captured oid, names text[], numbers smallint[])
returns text
language plpgsql stable
as $$
declare
  present text[] := names;
begin
  if row_value is null or cardinality(names) = 0 then
    return null;
  end if;
  if strpos(row_value::text, E'\\u') > 0 then
    row_value := outbox.defused(row_value, '');
  end if;
  if exists (select from unnest(names) as n(name) where row_value -> n.name is null) then
    if relation = captured or captured in (select a.relid from pg_partition_ancestors(relation) a) then
      present := outbox.captured_columns(relation, captured, names, numbers);
    else
      -- Restored from a dump, and renamed after: no write may fail for its order among the others. The doctor finds it.
      present := array(select n.name from unnest(names) with ordinality as n(name, position) where row_value -> n.name is not null order by n.position);
    end if;
  end if;
  if cardinality(present) = 0 then
    return null;
  end if;
  if cardinality(names) = 1 then
    return row_value ->> present[1];
  end if;
  return (
    select '[' || string_agg((row_value -> n.name)::text, ',' order by n.position) || ']'
    from unnest(present) with ordinality as n(name, position));
end
$$;

comment on function outbox.row_key(json, oid, oid, text[], smallint[]) is 'The key of a captured row: one column''s text, or a JSON array.';
revoke execute on function outbox.row_key(json, oid, oid, text[], smallint[]) from public;
