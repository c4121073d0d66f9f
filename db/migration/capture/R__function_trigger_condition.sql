-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.trigger_condition: the condition of a capture's row trigger, as PostgreSQL writes it out now.
--
-- Every column stands as new.... or old...., by its present name. PostgreSQL writes a condition on both rows only as part of
-- the whole trigger, so what stands before and after it is made in the same words and taken off.
--
-- parameters: trigger_oid  pg_trigger.oid
-- returns:    the condition; null when there is none, or when the trigger is no row trigger of ours
-- reads:      pg_trigger, pg_class, pg_namespace
create or replace function outbox_internal.trigger_condition(trigger_oid oid) returns text
language sql stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set standard_conforming_strings = on
as $$
  select substr(d.definition, length(d.head) + 1, length(d.definition) - length(d.head) - length(d.tail))
  from (
    select pg_get_triggerdef(t.oid, false) as definition,
           format('CREATE TRIGGER %I AFTER %s ON %I.%I FOR EACH ROW WHEN (', t.tgname,
             case when t.tgtype & 4 <> 0 then 'INSERT' when t.tgtype & 8 <> 0 then 'DELETE' else 'UPDATE' end, n.nspname, c.relname) as head,
           format(') EXECUTE FUNCTION outbox.capture_row(%s)', (
             select string_agg('''' || replace(a.argument, '''', '''''') || '''', ', ' order by a.position)
             from unnest(outbox_internal.trigger_arguments(t.tgargs)) with ordinality as a(argument, position))) as tail
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where t.oid = trigger_condition.trigger_oid and t.tgqual is not null
  ) d
  where starts_with(d.definition, d.head) and right(d.definition, length(d.tail)) = d.tail
$$;

comment on function outbox_internal.trigger_condition(oid) is 'The condition of a capture''s row trigger, as PostgreSQL writes it out now.';
revoke execute on function outbox_internal.trigger_condition(oid) from public;
