-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.replay_step: writes the next messages of a replay.
--
-- With its caller's rights: so the condition can do nothing that he cannot.
-- It walks the destination's parked messages by their ids, whether they are kept or not: twice as many
-- as are asked for at first, then more, 10,000 a step or a few more; or, where keys are given, those of
-- the keys by an index of their own. A message that is a replay
-- itself is left out: what it replays is found as well.
--
-- parameters: replay  outbox.replay_progress.id
--             up_to   so many messages
-- returns:    how many were written; null when the replay has ended
-- raises:     undefined_object, when there is no such replay;
--             object_not_in_prerequisite_state, when it was cancelled
-- reads:      outbox.replay_progress, outbox.parked, outbox.source, outbox.destination_number
-- writes:     by outbox_internal.replay_write
create or replace function outbox_internal.replay_step(replay bigint, up_to integer) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  most constant integer := 10000;
  look integer := least(most, greatest(200, 2 * replay_step.up_to));
  found bigint[];
  all_looked bigint := 0;
  run record;
  number integer;
  ids bigint[] := '{}';
  looked bigint;
  reached bigint;
  place bigint;
  sources integer[];
  gates text[];
begin
  select p.* into run from outbox.replay_progress p where p.id = replay_step.replay;
  if run.id is null then
    raise exception 'there is no replay %', replay_step.replay using errcode = 'undefined_object';
  end if;
  if run.cancelled_by is not null then
    raise exception 'replay % was cancelled by %', run.id, run.cancelled_by
      using errcode = 'object_not_in_prerequisite_state',
            hint = 'What it has written stays. A new call begins anew.';
  end if;
  if run.ended_at is not null then
    return null;
  end if;
  number := (select n.number from outbox.destination_number n where n.name = run.destination);
  sources := coalesce(run.sources, array(select s.number from outbox.source s) || 0);
  gates := array(
    select case when octet_length(k.key) <= 200 then k.key
      else 'hash ' || hashtextextended(k.key, 0)::text end
    from unnest(run.keys) as k(key));

  place := run.after_id;
  loop
    execute format($q$
      with looked as materialized (
        %1$s
      ), found as materialized (
        select l.id
        from (
          select w.id, w.key,
                 case w.op when 'i' then 'insert' when 'u' then 'update' when 'd' then 'delete'
                   when 't' then 'truncate' when 'r' then 'read' else 'message' end as op,
                 coalesce(w.schema_name, s.schema_name) as source_schema,
                 coalesce(w.table_name, s.table_name) as source_table,
                 w.type, w.new_row, w.old_row, w.headers, w.created_at, w.delivered_at
          from looked w
          left join outbox.source s on s.number = w.source
          where w.state = 'delivered'
            and ($5 is null or w.source = any ($5)) and ($6 is null or w.key = any ($6))
            and ($7 is null or w.delivered_at >= $7) and ($8 is null or w.delivered_at < $8)
            and (w.headers is null or w.headers::text not like '{"outbox_replay_of":%%')
          offset 0
        ) l
        where (%2$s)
        order by l.id
        limit $9
      )
      select (select count(*) from looked), (select max(id) from looked),
             array(select f.id from found f order by f.id)
      $q$,
      case when run.keys is null then $q$
        select m.* from outbox.parked m
        where m.destination = $1 and m.id > $2 and m.id <= $3
        order by m.id limit $4 $q$
      else $q$
        select m.* from outbox.parked m
        where m.source = any ($10)
          and (case when octet_length(m.key) <= 200 then m.key
            else 'hash ' || hashtextextended(m.key, 0)::text end) = any ($11)
          and (m.destination + 0) = $1 and (m.id + 0) > $2 and (m.id + 0) <= $3
          and (m.state || '') = 'delivered'
        order by (m.id + 0) limit $4 $q$
      end,
      coalesce(run.condition, 'true'))
    into looked, reached, found
    using number, place, run.end_id, look, run.sources, run.keys, run.since, run.until,
      replay_step.up_to - cardinality(ids), sources, gates;

    ids := ids || found;
    all_looked := all_looked + looked;
    if cardinality(ids) >= replay_step.up_to then
      reached := ids[cardinality(ids)];
      exit;
    elsif looked < look then
      reached := run.end_id;
      exit;
    end if;
    exit when all_looked >= most;
    place := reached;
    look := least(most, 2 * look);
  end loop;
  return outbox_internal.replay_write(replay_step.replay, run.after_id, reached, ids);
end
$$;

comment on function outbox_internal.replay_step(bigint, integer) is
  'Writes the next messages of a replay; null when it has ended.';
revoke execute on function outbox_internal.replay_step(bigint, integer) from public;
