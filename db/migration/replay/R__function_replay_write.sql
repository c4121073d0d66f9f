-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.replay_write: writes kept messages again, and notes how far the replay has come.
--
-- Each has an id of its own, in the order of the old ones, and the member outbox_replay_of in its
-- headers, first: the id that receivers know the message by. The values go as they are, digit by digit.
-- It is new to relays, as what the application writes is.
--
-- SECURITY DEFINER, so that who may replay needs no right to insert into outbox.pending.
--
-- parameters: replay    outbox.replay_progress.id
--             after_id  where the caller has found it; when it is another by now, nothing is written
--             reached   how far it has come
--             ids       outbox.message.id of each
-- returns:    how many were written
-- reads:      outbox.parked, outbox.destination, outbox.destination_number
-- writes:     outbox.pending, outbox.replay_progress
create or replace function outbox_internal.replay_write(
  replay bigint, after_id bigint, reached bigint, ids bigint[]) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
#variable_conflict use_column
declare
  run record;
  target record;
  number integer;
  written bigint;
begin
  select p.* into run from outbox.replay_progress p
  where p.id = replay_write.replay and p.ended_at is null
  for update;
  if run.id is null or run.after_id <> replay_write.after_id then
    return 0; -- Somebody else replays it at the same time, and has come further.
  end if;
  select d.name, d.number, d.doorbell into target
  from outbox.destination d where d.name = run.to_destination;
  if target.name is null then
    raise exception 'destination % does not exist', quote_literal(run.to_destination)
      using errcode = 'undefined_object';
  end if;
  number := (select n.number from outbox.destination_number n where n.name = run.destination);

  insert into outbox.pending (
    destination, source, op, key, new_row, old_row, type, headers, tx, schema_name, table_name)
  select target.number, m.source, m.op, m.key, m.new_row, m.old_row, m.type,
         case when m.headers is null or m.headers::text ~ '^\s*[{]\s*[}]\s*$'
           then '{"outbox_replay_of":"' || outbox.wire_id(m.id, m.created_at) || '"}'
           else '{"outbox_replay_of":"' || outbox.wire_id(m.id, m.created_at) || '",'
             || substr(ltrim(m.headers::text, E' \t\r\n'), 2) end::json,
         coalesce(m.tx, m.xid), m.schema_name, m.table_name
  from outbox.parked m
  where m.destination = number and m.id = any (replay_write.ids) and m.state = 'delivered'
  order by m.id;
  get diagnostics written = row_count;

  update outbox.replay_progress p
  set after_id = greatest(p.after_id, replay_write.reached), messages = p.messages + written,
      step_at = clock_timestamp(),
      ended_at = case when replay_write.reached >= p.end_id then clock_timestamp() end
  where p.id = run.id;
  if written > 0 then
    perform outbox_internal.ring(target.name, target.doorbell);
  end if;
  return written;
end
$$;

comment on function outbox_internal.replay_write(bigint, bigint, bigint, bigint[]) is
  'Writes kept messages again, and notes how far the replay has come.';
revoke execute on function outbox_internal.replay_write(bigint, bigint, bigint, bigint[]) from public;
