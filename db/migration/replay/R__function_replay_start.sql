-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.replay_start: begins a replay, or finds the one that was cut short.
--
-- It ends at the last id that there is at its start: what it writes is delivered and kept as well, and
-- must not be found by it.
--
-- parameters: as of outbox.replay
-- returns:    outbox.replay_progress.id
-- raises:     undefined_object, when a destination does not exist; invalid_parameter_value, when a table
--             was never captured, or nothing lies between since and until
-- reads:      outbox.destination, outbox.destination_number, outbox.source, outbox.parked
-- writes:     outbox.replay_progress
create or replace function outbox_internal.replay_start(
  destination text, to_destination text, tables regclass[], keys text[], since timestamptz,
  until timestamptz, condition text) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  target constant text := coalesce(replay_start.to_destination, replay_start.destination);
  its_number integer;
  sources integer[];
  missing text;
  replay bigint;
begin
  select n.number into its_number
  from outbox.destination_number n where n.name = replay_start.destination;
  if its_number is null or not exists (select from outbox.destination d where d.name = target) then
    raise exception 'destination % does not exist',
        coalesce(quote_literal(case when its_number is null then replay_start.destination else target end), 'null')
      using errcode = 'undefined_object';
  end if;
  select min(t.name::text) into missing
  from unnest(replay_start.tables) as t(name)
  where not exists (select from outbox.source s where s.relation = t.name);
  if missing is not null then
    raise exception 'table % was never captured', missing using errcode = 'invalid_parameter_value';
  end if;
  if replay_start.since >= replay_start.until then
    raise exception 'since is % and until %: nothing lies between', replay_start.since, replay_start.until
      using errcode = 'invalid_parameter_value';
  end if;
  if replay_start.tables is not null then
    sources := array(
      select s.number from outbox.source s where s.relation = any (replay_start.tables) order by s.number);
  end if;

  select p.id into replay
  from outbox.replay_progress p
  where p.ended_at is null and p.destination = replay_start.destination and p.to_destination = target
    and p.sources is not distinct from sources and p.keys is not distinct from replay_start.keys
    and p.since is not distinct from replay_start.since
    and p.until is not distinct from replay_start.until
    and p.condition is not distinct from replay_start.condition
  order by p.id desc limit 1;
  if replay is null then
    insert into outbox.replay_progress (
      destination, to_destination, sources, keys, since, until, condition, begin_id, after_id, end_id)
    select replay_start.destination, target, sources, replay_start.keys, replay_start.since,
           replay_start.until, replay_start.condition, span.first - 1, span.first - 1, span.last
    from (
      select coalesce(min(m.id), 0) as first, coalesce(max(m.id), -1) as last
      from outbox.parked m where m.destination = its_number) span
    returning id into replay;
  end if;
  return replay;
end
$$;

comment on function outbox_internal.replay_start(text, text, regclass[], text[], timestamptz, timestamptz, text) is
  'Begins a replay, or finds the one that was cut short.';
revoke execute on function outbox_internal.replay_start(text, text, regclass[], text[], timestamptz, timestamptz, text) from public;
