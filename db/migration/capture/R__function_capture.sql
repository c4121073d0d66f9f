-- SPDX-License-Identifier: Apache-2.0
-- outbox.capture: from now on, each change of a table is a message to a destination.
--
-- Makes AFTER triggers on the table, one an operation. Called again for the same table and destination it replaces them.
-- The triggers themselves are the only record: DROP TABLE leaves nothing behind, and a dump carries the capture along.
-- Needs the ownership of the table, as CREATE and DROP TRIGGER do, and takes their lock: it waits for writers under way.
--
-- parameters: source          the table: ordinary, partitioned, or a partition
--             destination     outbox.destination.name
--             key             columns whose values order the messages; null: the primary key; none: messages without a key
--             operations      of insert, update, delete, truncate
--             columns         the columns to send, null for all
--             except_columns  the columns not to send; they are left out before storage, by number and by name: whichever
--                             way a column is replaced, neither the old one nor its successor is stored. A name that the
--                             capture leaves out already may be there although its column is gone: see outbox_internal.absent_columns.
--                             Virtual generated columns are always left out
--             condition       a condition on new and old, as in CREATE TRIGGER ... WHEN; an insert or delete has only one row,
--                             and both names stand for it; checked with the writer's rights
--             include_old     store the old row of updates and deletes
--             skip_unchanged  no message for an update that changes nothing that is sent
--             fires           'origin': not while session_replication_role is replica; 'always'; 'replica': only then
--             notify          false: never ring the doorbell from this table
-- returns:    nothing
-- reads:      outbox.destination, the catalog
-- writes:     pg_trigger, what outbox.tidy writes
--
-- The triggers' arguments, counted from 0 as tg_argv is; outbox_internal.capture_detail has them by name:
--   0  the common case: the table's schema and name, by which it is known that nobody has renamed
--      it; empty where anything is out of the common: all columns, one key column that is the first
--      and a number, a uuid or, where the trigger is for statements, a text, the old row included,
--      every update, a doorbell
--   1  outbox.destination_number.number
--   2  outbox.source.number
--   3  the doorbell, empty for none
--   4  the destination's name
--   5  outbox.source.schema_name
--   6  outbox.source.table_name: a table that is called otherwise by now says so in each message
--   7  the common case: how a row begins, up to its key: {"id": or {"id":"
--   8  the common case: what follows the key
--   9  everything, as outbox_internal.capture_settings
create or replace function outbox.capture(
  source regclass,
  destination text,
  key text[] default null,
  operations text[] default '{insert,update,delete}',
  columns text[] default null,
  except_columns text[] default null,
  condition text default null,
  include_old boolean default true,
  skip_unchanged boolean default false,
  fires text default 'origin',
  notify boolean default true
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set standard_conforming_strings = on
as $$
<<f>>
declare
  table_name text := source::text;
  target record;
  relation record;
  wanted text[];
  unknown text;
  key_names text[];
  key_numbers smallint[];
  column_mode text := 'all';
  column_names text[] := '{}';
  column_numbers smallint[] := '{}';
  absent text[];
  all_columns text[] := '{}';
  virtual_columns text[];
  settings outbox_internal.capture_settings;
  source_number bigint;
  named record;
  key_end text;
  key_forms text[];
  arguments text;
  by_row boolean;
  operation text;
  trigger_name text;
  row_condition text;
  part regclass;
  parent regclass;
begin
  -- What is captured?
  if capture.source is null then
    raise exception 'no table to capture: source is null' using errcode = 'null_value_not_allowed';
  end if;
  select c.relkind, c.relpersistence, c.relispartition, c.relowner, n.nspname, c.relname
  into f.relation
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.oid = capture.source;
  if f.relation.relkind not in ('r', 'p') then
    raise exception '% is a %, not a table', f.table_name,
        case f.relation.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
          when 'S' then 'sequence' when 'i' then 'index' when 'I' then 'index' when 'c' then 'composite type' else 'TOAST table' end
      using errcode = 'wrong_object_type', hint = 'Only ordinary and partitioned tables can be captured.';
  end if;
  if f.relation.nspname = 'outbox' or f.relation.relpersistence = 't' then
    raise exception '% cannot be captured', f.table_name
      using errcode = 'wrong_object_type', hint = 'Tables of the schema outbox and temporary tables are not captured.';
  end if;

  -- Whoever captures or releases the table at the same time has to wait: at first for the lock that CREATE TRIGGER takes,
  -- and for that of DROP TRIGGER where triggers are dropped, since a lock that grows can deadlock with a writer.
  execute format('lock table %s%s in %s mode', case when f.relation.relkind = 'r' then 'only ' end, f.table_name,
    case when capture.condition is not null
      or exists (select from outbox_internal.capture_detail t where t.source = capture.source and t.destination = capture.destination)
      then 'access exclusive' else 'share row exclusive' end);
  f.table_name := capture.source::text;

  -- PostgreSQL gives a partition that is being detached no trigger, and takes those away that it had.
  select i.inhrelid::regclass, i.inhparent::regclass
  into f.part, f.parent
  from pg_inherits i
  where i.inhdetachpending and (i.inhrelid = capture.source or i.inhparent in (select p.relid from pg_partition_tree(capture.source) p))
  limit 1;
  if found then
    raise exception 'partition % of % is being detached', f.part, f.parent
      using errcode = 'object_in_use',
            hint = format('Wait for that, or, if it was cut short, end it: alter table %s detach partition %s finalize.', f.parent, f.part);
  end if;

  -- Where to?
  select d.name, d.id, d.number, d.doorbell into f.target from outbox.destination d where d.name = capture.destination;
  if not found then
    raise exception 'destination % does not exist', coalesce(quote_literal(capture.destination), 'null')
      using errcode = 'undefined_object',
            hint = 'Make it first: insert into outbox.destination (name, uri) values (...). There are now: '
              || coalesce((select string_agg(d.name, ', ' order by d.name) from outbox.destination d), 'none') || '.';
  end if;

  -- Which operations?
  select array_agg(distinct lower(o.name collate "C")) into f.wanted from unnest(capture.operations) as o(name);
  select o.name into f.unknown from unnest(f.wanted) as o(name)
  where o.name is null or o.name not in ('insert', 'update', 'delete', 'truncate') limit 1;
  if found or f.wanted is null then
    raise exception 'operations is %, with % in it', coalesce(capture.operations::text, 'null'), coalesce(quote_literal(f.unknown), 'nothing')
      using errcode = 'invalid_parameter_value', hint = 'Name one or more of insert, update, delete, truncate.';
  end if;
  if capture.fires is null or capture.fires not in ('origin', 'always', 'replica') then
    raise exception 'fires is %', coalesce(quote_literal(capture.fires), 'null')
      using errcode = 'invalid_parameter_value', hint = 'It must be origin, always or replica.';
  end if;
  if capture.include_old is null or capture.skip_unchanged is null or capture.notify is null then
    raise exception 'include_old, skip_unchanged and notify must be true or false, not null' using errcode = 'null_value_not_allowed';
  end if;

  -- Which columns? Arrays may begin at any number, and have several dimensions.
  if capture.key is not null then
    capture.key := array(select n.name from unnest(capture.key) with ordinality as n(name, position) order by n.position);
  end if;
  if capture.columns is not null then
    capture.columns := array(select n.name from unnest(capture.columns) with ordinality as n(name, position) order by n.position);
  end if;
  if capture.except_columns is not null then
    capture.except_columns := array(select n.name from unnest(capture.except_columns) with ordinality as n(name, position) order by n.position);
  end if;
  if capture.columns is not null and capture.except_columns is not null then
    raise exception 'columns and except_columns are both given' using errcode = 'invalid_parameter_value', hint = 'Give one of them, or none.';
  end if;
  -- What is computed when it is read, PostgreSQL gives no trigger: null would be sent in its place.
  f.virtual_columns := array(
    select a.attname::text
    from pg_attribute a
    where a.attrelid = capture.source and a.attnum > 0 and a.attgenerated = 'v' and not a.attisdropped
    order by a.attnum);
  select n.name into f.unknown from unnest(capture.key || capture.columns) as n(name) where n.name = any (f.virtual_columns) limit 1;
  if found then
    raise exception '% is a virtual generated column of %, whose value PostgreSQL gives to no trigger', quote_ident(f.unknown), f.table_name
      using errcode = 'invalid_parameter_value', hint = 'Name the columns that it is computed from, or make it a stored one.';
  end if;
  if capture.columns is not null or capture.except_columns is not null or f.virtual_columns <> '{}' then
    f.column_mode := case when capture.columns is not null then 'only' else 'except' end;
    f.column_names := coalesce(capture.columns, capture.except_columns
      || array(select v.name from unnest(f.virtual_columns) as v(name) where v.name = any (capture.except_columns) is not true));
    f.absent := case f.column_mode when 'except' then outbox_internal.absent_columns(capture.source, capture.destination, f.column_names) else '{}' end;
    f.column_names := array(
      select c.name from unnest(f.column_names) with ordinality as c(name, position) where c.name = any (f.absent) is not true order by c.position);
    f.column_numbers := outbox_internal.column_numbers(capture.source, f.column_names, case f.column_mode when 'only' then 'columns' else 'except_columns' end);
    f.column_names := f.column_names || f.absent;
    f.column_numbers := f.column_numbers
      || array_fill(0::smallint, array[cardinality(f.absent) + case f.column_mode when 'except' then 1 else 0 end]);
    f.all_columns := array(
      select a.attname::text from pg_attribute a where a.attrelid = capture.source and a.attnum > 0 and not a.attisdropped order by a.attnum);
    if f.column_mode = 'only' and cardinality(f.column_names) = 0 then
      raise exception 'columns is empty' using errcode = 'invalid_parameter_value', hint = 'Name one or more columns, or leave it null for all.';
    end if;
  end if;

  -- A cast to json that somebody made would run with the rights of this schema's owner.
  select u.column_name into f.unknown from outbox_internal.untrusted_casts(capture.source) u limit 1;
  if found then
    raise exception 'column % of % has a type with a cast to json of its own', quote_ident(f.unknown), f.table_name
      using errcode = 'insufficient_privilege',
            hint = 'Its function would run with the rights of the owner of the schema outbox. Let a superuser or that owner own it, '
              || 'or drop the cast.';
  end if;

  -- Which key?
  if capture.key is null then
    select coalesce(array_agg(a.attname::text order by k.position), '{}')
    into f.key_names
    from pg_index i
    cross join unnest(i.indkey::smallint[]) with ordinality as k(number, position)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
    where i.indrelid = capture.source and i.indisprimary and k.position <= i.indnkeyatts;
    if f.key_names = '{}' then
      raise notice '% has no primary key: its messages have no key, and no order among themselves', f.table_name
        using hint = 'Choose one: outbox.capture(..., key => ''{column}''); or say that there is none: key => ''{}''.';
    end if;
  else
    f.key_names := capture.key;
  end if;
  f.key_numbers := outbox_internal.column_numbers(capture.source, f.key_names, 'key');
  if f.column_mode = 'except' and f.key_numbers && f.column_numbers then
    f.unknown := f.key_names[(select min(k.position) from unnest(f.key_numbers) with ordinality as k(number, position) where k.number = any (f.column_numbers))];
    raise exception 'except_columns leaves out %, a column of the key of %: its value would be stored as the key', quote_ident(f.unknown), f.table_name
      using errcode = 'invalid_parameter_value',
            hint = 'Choose a key of other columns: key => ''{...}''; or none, for messages without an order: key => ''{}''.';
  end if;

  f.key_forms := array(
    select outbox_internal.key_form(capture.source, k.number)
    from unnest(f.key_numbers) with ordinality as k(number, position) order by k.position);
  if 'none' = any (f.key_forms) then
    f.unknown := f.key_names[array_position(f.key_forms, 'none')];
    raise exception 'key of %: PostgreSQL takes values of % for equal that are written differently', f.table_name, quote_ident(f.unknown)
      using errcode = 'invalid_parameter_value',
            hint = 'Their order could not be kept. Choose a key of other columns: key => ''{...}''; or none, for messages '
              || 'without an order: key => ''{}''.';
  end if;
  f.key_forms := case when f.key_forms <> array_fill('text'::text, array[cardinality(f.key_forms)])
    then f.key_forms end;

  f.settings := row(
    f.key_names, f.key_numbers, f.key_forms, f.column_mode, f.column_names, f.column_numbers,
    capture.include_old, capture.skip_unchanged, capture.source::oid, capture.condition, f.wanted,
    capture.fires, f.all_columns);

  -- The number that the table has, whatever it was called then.
  select min(t.source_number) into f.source_number
  from outbox_internal.capture_detail t
  join outbox.source s on s.number = t.source_number
  where t.source = capture.source and not t.inherited;
  f.source_number := coalesce(f.source_number,
    outbox_internal.source_number(f.relation.nspname::text, f.relation.relname::text, capture.source));
  select s.schema_name, s.table_name into f.named
  from outbox.source s where s.number = f.source_number;

  -- Each row of a partition is heard once for a destination, so not through a parent and by itself as well.
  select t.source into f.part
  from outbox_internal.capture_detail t
  where t.destination = capture.destination and not t.inherited and t.source <> capture.source
    and t.operation <> 'truncate' and t.operation = any (f.wanted)
    and (t.source in (select p.relid from pg_partition_tree(capture.source) p)
      or t.source in (select a.relid from pg_partition_ancestors(capture.source) a))
  order by t.source
  limit 1;
  if found then
    raise exception '% belongs together with %, which is captured for % already', f.table_name, f.part, capture.destination
      using errcode = 'object_not_in_prerequisite_state',
            hint = format('Both would send the same changes. In one transaction: select outbox.release(%L, %L); then capture again.',
              f.part::text, capture.destination);
  end if;

  perform outbox_internal.drop_capture(capture.source, capture.destination);
  f.by_row := capture.condition is not null or outbox_internal.needs_row_trigger(capture.source, key => f.key_numbers);
  if capture.condition is not null then
    f.row_condition := outbox_internal.checked_condition(capture.source, capture.condition);
  end if;

  -- The common case. A table that is called otherwise than at first writes its name each time.
  if f.key_numbers = '{1}' and f.column_mode = 'all' and capture.include_old
      and not capture.skip_unchanged and capture.notify
      and (f.named.schema_name, f.named.table_name) = (f.relation.nspname, f.relation.relname)
      and f.key_forms is null and to_json(f.key_names[1])::text = '"' || f.key_names[1] || '"' then
    select case
        when t.base in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype) then ','
        when t.base = 'uuid'::regtype
          or t.base in ('text'::regtype, 'varchar'::regtype) and not f.by_row then '",'
      end
    into f.key_end
    from pg_attribute a
    cross join lateral (
      select coalesce(nullif(d.typbasetype, 0), d.oid) as base from pg_type d where d.oid = a.atttypid
    ) t
    where a.attrelid = capture.source and a.attnum = 1;
  end if;

  f.arguments := concat_ws(', ',
    quote_literal(case when f.key_end is null then ''
      else f.relation.nspname || '.' || f.relation.relname end),
    quote_literal(f.target.number),
    quote_literal(f.source_number),
    quote_literal(case when capture.notify then f.target.doorbell::text else '' end),
    quote_literal(f.target.name),
    quote_literal(f.named.schema_name),
    quote_literal(f.named.table_name),
    quote_literal(case f.key_end when ',' then '{"' || f.key_names[1] || '":'
      when '",' then '{"' || f.key_names[1] || '":"' else '' end),
    quote_literal(coalesce(f.key_end, '')),
    quote_literal(f.settings::text));

  if f.relation.relkind = 'p' and 'update' = any (f.wanted)
      and (not f.wanted @> '{insert,delete}'
        or (outbox_internal.rename_row(f.row_condition, 'old', 'new') <> f.row_condition
          and outbox_internal.rename_row(f.row_condition, 'new', 'old') <> f.row_condition)) then
    raise warning 'an update that moves a row of % to another partition is a delete and an insert, and may go without a message: %', f.table_name,
        case when f.wanted @> '{insert,delete}' then 'in both of them the condition has one row only, for new and for old'
          else 'these are not both captured' end
      using hint = 'Capture inserts, updates and deletes, with a condition on one row or none.';
  end if;

  foreach operation in array array['insert', 'update', 'delete', 'truncate'] loop
    continue when operation <> all (f.wanted);
    -- The name sorts before those of other triggers, so that a trigger which changes the table again is heard after this one.
    f.trigger_name := format('00_outbox_%s_%s', operation, f.target.id);
    -- Of another destination that had this number, before both were made anew in another order.
    while exists (select from pg_trigger t where t.tgrelid = capture.source and t.tgname = f.trigger_name) loop
      f.trigger_name := f.trigger_name || '_';
    end loop;
    if operation = 'truncate' then
      execute format('create trigger %I after truncate on %s for each statement execute function outbox.capture_truncate(%s)',
        f.trigger_name, f.table_name, f.arguments);
    elsif f.by_row then
      execute format('create trigger %I after %s on %s for each row %s execute function outbox.capture_row(%s)',
        f.trigger_name, operation, f.table_name,
        coalesce('when (' || case operation
          when 'insert' then outbox_internal.rename_row(f.row_condition, 'old', 'new')
          when 'delete' then outbox_internal.rename_row(f.row_condition, 'new', 'old')
          else f.row_condition end || ')', ''),
        f.arguments);
    else
      execute format('create trigger %I after %s on %s referencing %s for each statement execute function outbox.capture_%s(%s)',
        f.trigger_name, operation, f.table_name,
        case operation when 'insert' then 'new table as new_rows' when 'delete' then 'old table as old_rows'
          else 'old table as old_rows new table as new_rows' end,
        operation, f.arguments);
    end if;
    if capture.fires <> 'origin' then
      execute format('alter table %s enable %s trigger %I', f.table_name, capture.fires, f.trigger_name);
    end if;
  end loop;

  -- A partition that is made later gets the triggers too, and PostgreSQL asks for the right of whoever makes it.
  perform outbox.tidy();
end
$$;

comment on function outbox.capture(regclass, text, text[], text[], text[], text[], text, boolean, boolean, text, boolean) is
  'From now on, each change of the table is a message to the destination. Called again for the same
two, it replaces what it made. Needs the ownership of the table, and waits for its writers.
source: an ordinary or partitioned table, or a partition. destination: outbox.destination.name.
key: columns whose values order the messages; null: the primary key; none: no order.
operations: of insert, update, delete, truncate. columns: those to send, null for all.
except_columns: those not to send. condition: on new and old, as in CREATE TRIGGER ... WHEN.
include_old: store the old row of updates and deletes. skip_unchanged: no message for an update that
changes nothing that is sent. fires: origin, always or replica, by session_replication_role.
notify: false: never ring the doorbell from this table.
Errors: undefined_object when there is no such destination; wrong_object_type when it is no table
that can be captured; undefined_column, duplicate_column and invalid_parameter_value for arguments
that cannot be meant; null_value_not_allowed; insufficient_privilege for another''s table, and for
a column''s type with a cast to json of somebody''s own; object_in_use for a partition that is being
detached; object_not_in_prerequisite_state when a partition or parent of it is captured already.';
revoke execute on function outbox.capture(regclass, text, text[], text[], text[], text[], text, boolean, boolean, text, boolean) from public;
