-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.destination_kept: refuses to delete or rename a destination that tables are captured for, or that has messages owed.
--
-- Captures and messages know a destination by the number of its name. The doorbell is part of the
-- captures too, so the id never changes.
--
-- reads: outbox_internal.capture_detail, outbox.destination_state, outbox.pending, outbox.parked
create or replace function outbox_internal.destination_kept() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  action constant text := case tg_op when 'DELETE' then 'deleted' when 'TRUNCATE' then 'truncated' else 'renamed' end;
  sources text;
begin
  if tg_op = 'TRUNCATE' then
    raise exception 'outbox.destination cannot be truncated' using errcode = 'object_in_use',
      hint = 'Delete the destinations one by one: delete from outbox.destination where name = ....';
  end if;

  select string_agg(format('select outbox.release(%L, %L);', c.source::text, c.destination), ' ')
  into sources
  from (select distinct t.source, t.destination from outbox_internal.capture_detail t where t.destination = old.name and not t.inherited) c;
  if sources is not null then
    raise exception 'destination % cannot be %: tables are captured for it', quote_literal(old.name), action
      using errcode = 'object_in_use', hint = 'Release them first: ' || sources;
  end if;

  if exists (
      select from outbox.destination_state s
      where s.destination = old.name and s.capture_stopped_at is not null) then
    raise exception 'destination % cannot be %: nothing is captured for it at the moment', quote_literal(old.name), action
      using errcode = 'object_in_use', hint = format('First: select outbox.start_capturing(%L);', old.name);
  end if;

  if exists (select from outbox.pending m where m.destination = old.number)
      or exists (select from outbox.parked m where m.destination = old.number and m.state <> 'delivered') then
    raise exception 'destination % cannot be %: messages are owed to it', quote_literal(old.name), action
      using errcode = 'object_in_use',
            hint = format('Let them be delivered, or give them up: delete from outbox.message where destination = %L and state <> ''delivered''; '
              'outbox.pause(%L) only stops sending.', old.name, old.name);
  end if;

  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;

comment on function outbox_internal.destination_kept() is 'Trigger function: refuses to delete or rename a destination that is in use.';
revoke execute on function outbox_internal.destination_kept() from public;

create or replace trigger destination_kept
  before delete on outbox.destination
  for each row execute function outbox_internal.destination_kept();
create or replace trigger destination_kept_name
  before update of name on outbox.destination
  for each row when (new.name <> old.name)
  execute function outbox_internal.destination_kept();
create or replace trigger destination_kept_all
  before truncate on outbox.destination
  for each statement execute function outbox_internal.destination_kept();
