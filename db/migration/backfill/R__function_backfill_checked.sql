-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.backfill_checked: holds a table as it is until the transaction ends, and refuses one that cannot be backfilled.
--
-- The lock comes first, so that what is checked still holds when the rows are read: nobody rewrites the table, adds a
-- column or drops a trigger meanwhile.
--
-- Where an update may go without a message writers are in its way: such an update puts the row where the backfill has
-- been already, and nobody would hear of the row. So it locks them out, if at_once allows that.
--
-- parameters: source       the captured table
--             destination  the destination it is captured for
--             part         the table to read: source, or a partition of it
--             at_once      as of outbox_internal.backfill_start
-- returns:    the oid of a trigger by which the table is captured
-- reads:      outbox_internal.capture_detail, outbox_internal.untrusted_casts
create or replace function outbox_internal.backfill_checked(source regclass, destination text, part regclass, at_once boolean) returns oid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
<<f>>
declare
  capture record;
  unknown text;
  lock_timeout text;
begin
  execute format('select from only %s limit 0', backfill_checked.source);
  execute format('select from only %s limit 0', backfill_checked.part);

  select min(t.trigger_oid) as trigger_oid,
         bool_or(t.skip_unchanged or lower(btrim(coalesce(t.condition, 'true'))) <> 'true' or t.fires not in ('origin', 'always')
           or 'update' <> all (t.wanted)
           -- What moves to another partition goes as a delete and an insert.
           or (c.relkind = 'p' or c.relispartition) and not t.wanted @> '{insert,delete}') as silent
  into f.capture
  from outbox_internal.capture_detail t
  join pg_class c on c.oid = t.source
  where t.source = backfill_checked.source and t.destination = backfill_checked.destination and t.operation <> 'truncate';
  if f.capture.trigger_oid is null then
    raise exception '% is not captured for destination %', backfill_checked.source, quote_literal(backfill_checked.destination)
      using errcode = 'object_not_in_prerequisite_state',
            hint = format('Changes made during the backfill must be messages too. First: select outbox.capture(%L, %L).',
              backfill_checked.source::text, backfill_checked.destination);
  end if;
  if f.capture.silent and not backfill_checked.at_once then
    raise exception '% is captured so that an update may go without a message', backfill_checked.source
      using errcode = 'object_not_in_prerequisite_state',
            hint = format('Capture it without skip_unchanged and condition, with updates (a partitioned table or a partition with inserts and deletes too), until the backfill has ended; or backfill '
              || 'it while writers wait: select outbox.backfill(%L, %L).', backfill_checked.source::text, backfill_checked.destination);
  end if;

  if f.capture.silent then
    -- Writers queue behind a lock that is waited for, so not for long.
    f.lock_timeout := current_setting('lock_timeout');
    if f.lock_timeout = '0' then
      perform set_config('lock_timeout', '10s', true);
    end if;
    execute format('lock table %s in share mode', backfill_checked.source);
    perform set_config('lock_timeout', f.lock_timeout, true);
  end if;

  -- A cast to json that somebody made would run with the rights of whoever backfills.
  select u.column_name into f.unknown from outbox_internal.untrusted_casts(backfill_checked.part) u limit 1;
  if found then
    raise exception 'column % of % has a type with a cast to json of its own', quote_ident(f.unknown), backfill_checked.part
      using errcode = 'insufficient_privilege',
            hint = 'Its function would run with the rights of whoever backfills. Let a superuser or the owner of the schema outbox own it, '
              || 'or drop the cast.';
  end if;
  return f.capture.trigger_oid;
end
$$;

comment on function outbox_internal.backfill_checked(regclass, text, regclass, boolean) is 'Holds a table as it is, and refuses one that cannot be backfilled.';
revoke execute on function outbox_internal.backfill_checked(regclass, text, regclass, boolean) from public;
