-- SPDX-License-Identifier: Apache-2.0
-- outbox.register_captures: makes known what captures say of their numbers.
--
-- A dump of a table carries its triggers into another database, and the first messages that they
-- write there may have numbers that nobody has given out there.
--
-- returns: how many numbers were not known
-- reads:   outbox_internal.capture_detail
-- writes:  outbox.destination_number, outbox.source
create or replace function outbox.register_captures() returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  added integer;
  total integer;
begin
  insert into outbox.destination_number (number, name)
  select distinct on (t.destination_number) t.destination_number, t.destination
  from outbox_internal.capture_detail t
  where not exists (
    select from outbox.destination_number n
    where n.number = t.destination_number or n.name = t.destination)
  order by t.destination_number, t.trigger_oid
  on conflict do nothing;
  get diagnostics total = row_count;

  insert into outbox.source (number, schema_name, table_name, relation)
  select distinct on (t.source_number) t.source_number, t.source_schema, t.source_table, t.source
  from outbox_internal.capture_detail t
  where not t.inherited
    and not exists (select from outbox.source s where s.number = t.source_number)
  order by t.source_number, t.trigger_oid
  on conflict do nothing;
  get diagnostics added = row_count;
  return total + added;
end
$$;

comment on function outbox.register_captures() is
  'Makes known what captures say of their numbers, for triggers that a dump brought along. Relays and
outbox.tidy do it too. Returns how many numbers were not known.';
revoke execute on function outbox.register_captures() from public;
