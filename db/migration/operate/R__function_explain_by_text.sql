-- SPDX-License-Identifier: Apache-2.0
-- outbox.explain: why a message waits, or what became of it. A row for each reason, the outermost first.
--
-- All that is said is true at the same time: a message behind another of its key, of a destination that
-- is paused, waits for both. However much is owed, a bounded number of rows is read: of what is pending,
-- the 10,000 nearest before it. Times in sentences are in UTC.
--
-- parameters: message_id  outbox.wire_id of the row, or outbox.message.id as text
-- returns:    reason       one word for scripts, see the comment
--             explanation  a sentence for people
--             behind       outbox.wire_id of the message that it waits behind
--             since, until from when and up to when the reason holds, where that is known
--             remedy       a statement, where a person can do something
-- raises:     as outbox_internal.known_message
-- reads:      outbox.pending, outbox.parked, outbox.destination, outbox.destination_state,
--             outbox.relay_locks, outbox.copied()
create or replace function outbox.explain(message_id text)
returns table (
  reason text, explanation text, behind text, since timestamptz, until timestamptz, remedy text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
#variable_conflict use_column
declare
  most constant integer := 10000;
  iso constant text := 'YYYY-MM-DD"T"HH24:MI:SS"Z"';
  known record;
  message record;
  target record;
  now_is record;
  head record;
  stop record;
  copy text;
  wire text;
  past text;
  before bigint;
  first_after timestamptz;
  ready_since timestamptz;
  moved_at timestamptz;
  last_number bigint;
begin
  select k.known_destination as destination, k.known_id as id into known
  from outbox_internal.known_message(explain.message_id) k;
  if known.id is null then
    if explain.message_id is not null then
      if has_sequence_privilege(outbox_internal.id_sequence()::oid, 'usage, select') then
        last_number := pg_sequence_last_value(outbox_internal.id_sequence());
      end if;
      select string_agg(quote_literal(outbox.wire_id(r.id, r.created_at)), ', ') as text into head
      from outbox.destination_number n
      cross join lateral (
        select p.id, p.created_at from outbox.pending p
        where p.destination = n.number and p.id = split_part(explain.message_id, '-', 1)::bigint
        union all
        select p.id, p.created_at from outbox.parked p
        where p.destination = n.number and p.id = split_part(explain.message_id, '-', 1)::bigint
        offset 0
      ) r
      where position('-' in explain.message_id) > 0;
      return query select 'unknown',
        format('there is no message %s: it was delivered, discarded, or never was', explain.message_id)
          || case
               when head.text is not null then '; another change has its number: ' || head.text
               when split_part(explain.message_id, '-', 1)::bigint > last_number
                 then '; no number is that high yet'
               else '' end,
        null::text, null::timestamptz, null::timestamptz, null::text;
    end if;
    return;
  end if;

  select n.number, m.* into message
  from outbox.destination_number n
  cross join lateral (
    select p.id, p.created_at, p.source, p.op, p.key, 'pending' as state, 0 as attempts,
           null::timestamptz as due_at, null::timestamptz as delivered_at, null::text as last_error,
           null::timestamptz as failed_at, p.first_failed_at, p.requeued, p.requeued_by
    from outbox.pending p where p.destination = n.number and p.id = known.id
    union all
    select p.id, p.created_at, p.source, p.op, p.key, p.state, p.attempts,
           p.due_at, p.delivered_at, p.last_error,
           p.failed_at, p.first_failed_at, p.requeued, p.requeued_by
    from outbox.parked p where p.destination = n.number and p.id = known.id
  ) m
  where n.name = known.destination
    and (position('-' in explain.message_id) = 0
      or outbox.wire_id(m.id, m.created_at) = explain.message_id);
  wire := outbox.wire_id(message.id, message.created_at);
  past := case when message.requeued > 0
    then format('; requeued %s, last by %s',
      case message.requeued when 1 then 'once' else message.requeued || ' times' end,
      coalesce(message.requeued_by, '(unknown)')) else '' end
    || case when message.first_failed_at < message.failed_at
        or message.failed_at is null and message.first_failed_at is not null
      then '; set aside first at ' || to_char(message.first_failed_at at time zone 'UTC', iso)
      else '' end;

  if message.state = 'delivered' then
    return query select 'delivered',
      format('%s acknowledged it at %s', known.destination,
        to_char(message.delivered_at at time zone 'UTC', iso)) || past, null::text,
      message.delivered_at, null::timestamptz, format('select outbox.requeue(%L);', wire);
    return;
  end if;
  -- By the relay's own words: the limit is a setting of the relay's, which the database does not know.
  if message.state = 'failed'
     and message.last_error ~ '^the row values take [0-9]+ bytes, more than max-message-bytes ' then
    return query select 'too large',
      format('it was set aside unsent: %s', message.last_error) || past,
      null::text, message.failed_at, null::timestamptz,
      format('select outbox.requeue(%L); or: select outbox.discard(%1$L);', wire);
    return;
  end if;
  if message.state = 'failed' then
    return query select 'failed',
      case when message.attempts = 0 then 'it was set aside without a refusal: '
        else format('it was set aside after %s refusal%s, the last: ', message.attempts,
          case when message.attempts = 1 then '' else 's' end) end
        || coalesce(message.last_error, '(no words)') || past,
      null::text, message.failed_at, null::timestamptz,
      format('select outbox.requeue(%L); or: select outbox.discard(%1$L);', wire);
    return;
  end if;

  select d.* into target from outbox.destination d where d.name = known.destination;
  if target.name is null then
    return query select 'no destination',
      format('the destination %s does not exist any more', known.destination), null::text,
      null::timestamptz, null::timestamptz,
      format('insert into outbox.destination (name, uri) values (%L, ''tcp://host:port''); or: '
        'select outbox.discard(%L);', known.destination, wire);
    return;
  end if;

  -- What concerns the whole destination.
  -- As in outbox.status, which counts all that is owed.
  select s.down_since, s.last_error, s.progress_at, s.owned_since, s.answer_due_at,
         case when owned.by then s.owner end as owner
  into now_is
  from (
    select exists (
      select from outbox.relay_locks l
      where l.class = 7021002 and l.number = target.doorbell and l.mode = 'ExclusiveLock'
        and l.by_relay) as by
  ) owned
  left join outbox.destination_state s on s.destination = target.name;
  copy := outbox.copied();
  if copy is not null then
    return query select 'copy', copy, null::text, null::timestamptz, null::timestamptz,
      'select outbox.adopt(); or: select outbox.release_all();';
  end if;
  if target.paused then
    return query select 'paused', format('%s is paused', target.name) || coalesce(': ' || now_is.last_error, ''),
      null::text, null::timestamptz, null::timestamptz, format('select outbox.resume(%L);', target.name);
  end if;
  if now_is.owner is null then
    return query select 'no relay', format('no relay delivers for %s', target.name), null::text,
      null::timestamptz, null::timestamptz, null::text;
  end if;
  if now_is.down_since is not null then
    return query select 'down',
      -- What the relay says of it names the address as a rule.
      format('%s cannot be reached', target.name)
        || case when position(target.uri in now_is.last_error) > 0 then ''
             else ' at ' || target.uri end
        || ': ' || coalesce(now_is.last_error, '(no words)'),
      null::text, now_is.down_since, null::timestamptz, null::text;
  end if;

  -- A key that a person holds; a truncate waits for all of them.
  select h.key, h.held_at, h.held_by, h.reason, t.relation into stop
  from outbox.held_key h
  left join outbox.source t on t.number = h.source
  where h.destination = target.name and target.ordering = 'key'
    and (message.op = 't'
      or message.key is not null and h.source = message.source
        and h.gate = (case when octet_length(message.key) <= 200 then message.key
          else 'hash ' || hashtextextended(message.key, 0)::text end))
  order by h.held_at limit 1;
  if stop.key is not null then
    return query select 'key held',
      case when message.op = 't'
        then format('this truncate waits for all before it, so for key %s, which %s holds', stop.key, stop.held_by)
        else format('%s holds its key', stop.held_by) end
        || case when stop.reason is not null then ': ' || stop.reason else '' end,
      null::text, stop.held_at, null::timestamptz,
      format('select outbox.release_key(%L, %L%s);', target.name, stop.key,
        case when stop.relation is not null then format(', %L', stop.relation) else '' end);
  end if;

  -- A truncate goes after all that came before it, and before all that came after it.
  if target.ordering = 'key' then
    select m.id, m.created_at, m.state, m.due_at, m.last_error, m.op into head
    from outbox.parked m
    where (m.destination + 0) = message.number and m.id < message.id
      and (m.state = 'retry' and (m.op = 't' or message.op = 't')
        or message.op = 't' and m.key is not null and m.state = 'failed'
          and target.on_failure = 'hold')
      and m.state in ('retry', 'held', 'failed')
    order by m.id limit 1;
    if head.id is not null then
      return query select 'truncate',
        case when head.op = 't'
          then format('all later messages of %s wait for the truncate %s', target.name,
            outbox.wire_id(head.id, head.created_at))
          else format('this truncate waits for all before it, so for message %s',
            outbox.wire_id(head.id, head.created_at)) end
          || format(', which was %s: %s',
            case head.state when 'retry' then 'refused' else 'set aside' end,
            coalesce(head.last_error, '(no words)')),
        outbox.wire_id(head.id, head.created_at), null::timestamptz, head.due_at,
        format('select outbox.discard(%L);', outbox.wire_id(head.id, head.created_at));
    elsif message.key is not null and message.op <> 't' then
      select m.id, m.created_at, m.state, m.due_at, m.last_error, m.op into head
      from outbox.parked m
      where (m.destination + 0) = message.number and m.source = message.source
        and (case when octet_length(m.key) <= 200 then m.key
          else 'hash ' || hashtextextended(m.key, 0)::text end)
          = (case when octet_length(message.key) <= 200 then message.key
            else 'hash ' || hashtextextended(message.key, 0)::text end)
        and m.state in ('retry', 'held', 'failed')
        and (m.state = 'retry' or m.state = 'failed' and target.on_failure = 'hold')
        and m.id < message.id
      order by (m.id + 0) limit 1;
      if head.id is not null then
        return query select 'key',
          format('message %s of its key was %s: %s', outbox.wire_id(head.id, head.created_at),
            case head.state when 'retry' then 'refused and is tried again' else 'set aside' end,
            coalesce(head.last_error, '(no words)')),
          outbox.wire_id(head.id, head.created_at), null::timestamptz, head.due_at,
          case head.state
            when 'retry' then format('select outbox.discard(%L);', outbox.wire_id(head.id, head.created_at))
            else format('select outbox.requeue(%L); or: select outbox.discard(%1$L);',
              outbox.wire_id(head.id, head.created_at))
          end;
      end if;
    end if;
  else
    select null::bigint as id into head;
  end if;

  if head.id is null and stop.key is null and not target.paused and now_is.down_since is null and copy is null
     and now_is.owner is not null then
    moved_at := greatest(now_is.progress_at, now_is.owned_since, now_is.answer_due_at);
    select p.created_at into first_after
    from outbox.pending p where p.destination = message.number order by p.id limit 1;
    select least(first_after, min(d.due_at)) into ready_since
    from (
      select m.due_at from outbox.parked m
      where (m.destination + 0) = message.number and m.due_at is not null
        and m.state in ('pending', 'retry') and m.due_at <= clock_timestamp()
      order by m.due_at limit 1
    ) d;
    if message.state = 'held' then
      ready_since := least(ready_since, message.created_at);
    end if;
    if coalesce(moved_at < clock_timestamp() - interval '30 seconds', true)
       and ready_since < clock_timestamp() - interval '30 seconds' then
      return query select 'stalled',
        format('relay %s has sent nothing of %s since then', now_is.owner, target.name)
          || coalesce(': ' || now_is.last_error, ''),
        null::text, greatest(moved_at, ready_since), null::timestamptz,
        format('select outbox.wake(%L);', target.name);
    end if;
  end if;

  if message.state = 'retry' then
    return query select 'refused',
      format('it was refused %s times of %s, the last: %s', message.attempts, target.max_attempts,
        coalesce(message.last_error, '(no words)')) || past,
      null::text, null::timestamptz, message.due_at, format('select outbox.requeue(%L);', wire);
  elsif message.due_at > clock_timestamp() then
    return query select 'later', 'it was published for later', null::text, null::timestamptz,
      message.due_at, null::text;
  else
    select count(*), min(b.wire_id) filter (where b.goes_first and b.nearest = 1) into before, wire
    from (
      select outbox.wire_id(p.id, p.created_at) as wire_id, f.goes_first,
             row_number() over (partition by f.goes_first order by p.id desc) as nearest
      from (
        select q.id, q.created_at, q.op, q.source, q.key
        from outbox.pending q
        where q.destination = message.number and q.id < message.id
        order by q.id desc limit most
      ) p
      cross join lateral (
        select coalesce(target.ordering = 'key' and (p.op = 't' or message.op = 't'
          or p.source = message.source and p.key = message.key), false) as goes_first
      ) f
    ) b;
    return query select 'turn',
      format('it waits for its turn%s; messages of %s before it: %s',
        case when wire is not null then ' behind message ' || wire else '' end, target.name,
        case when before = most then most || ' or more' else before::text end)
        || case when target.max_rate is not null
          then format('; at most %s are sent to it a second', target.max_rate) else '' end || past,
      wire, message.created_at, null::timestamptz, null::text;
  end if;
end
$$;

comment on function outbox.explain(text) is
  'Why a message waits, or what became of it: a row for each reason, the outermost first.
message_id: as receivers and outbox.failed.wire_id say it (1042-hoe22fla2o), or the number alone.
Returns reason: unknown (delivered, discarded, or never was), delivered (and kept), failed (set aside), too
large (set aside unsent, since it is over the limit of the relay),
no destination, copy, paused, no relay, down, stalled (all of the destination), key held (by a person), truncate, key (behind
the message that behind names), refused (next try at until), later (published for then), turn (it is
sent when those before it are; behind names the nearest that must go first); explanation, since and until for people; remedy: a statement.
Errors: cardinality_violation when several messages have the number; invalid_text_representation when
it has neither form.';
revoke execute on function outbox.explain(text) from public;
