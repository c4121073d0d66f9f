-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.backfill_start: makes sure that there is a record of how far the backfill of a table has come.
--
-- A record left by a backfill that was cut short is kept, so that the next call goes on; one of a table that was captured anew
-- since (changes may have gone unheard) starts again. One with another condition is refused: the session that made it may be at work,
-- and would take the end of this one for its own.
--
-- parameters: source, destination, condition  as of outbox.backfill
--             at_once   whether it all happens in one transaction, so that writers may be made to wait
-- returns:    nothing
-- reads:      pg_class
-- writes:     outbox.backfill_progress
create or replace function outbox_internal.backfill_start(source regclass, destination text, condition text, at_once boolean default false) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
declare
  capture_oid oid;
  unreadable regclass;
  reason text;
  other_condition text;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'a backfill cannot run at isolation level %', current_setting('transaction_isolation')
      using errcode = 'invalid_transaction_state', hint = 'It must see what is committed meanwhile: use read committed.';
  end if;
  if backfill_start.source is null or backfill_start.destination is null then
    raise exception 'source and destination must not be null' using errcode = 'null_value_not_allowed';
  end if;
  if exists (
      select from outbox.destination_state s
      where s.destination = backfill_start.destination and s.capture_stopped_at is not null) then
    raise exception 'capturing is stopped for %', quote_literal(backfill_start.destination)
      using errcode = 'object_not_in_prerequisite_state',
            hint = format('First: select outbox.start_capturing(%L);', backfill_start.destination);
  end if;
  capture_oid := outbox_internal.backfill_checked(backfill_start.source, backfill_start.destination, backfill_start.source, backfill_start.at_once);

  -- Looked at between other words than those of a step, so that nothing in it can end what it stands in there.
  if backfill_start.condition <> '' then
    begin
      execute format(e'explain select from only %s t where case when %s\n then true end', backfill_start.source, backfill_start.condition);
    exception
      when insufficient_privilege or lock_not_available or query_canceled then
        raise;
      when others then
        get stacked diagnostics reason = message_text;
        raise exception 'condition % is no condition on a row of %: %', quote_literal(backfill_start.condition), backfill_start.source, reason
          using errcode = 'invalid_parameter_value', hint = 'Write it as after WHERE; functions and types with their schema.';
    end;
  end if;

  delete from outbox.backfill_progress b
  where not exists (select from pg_class c where c.oid = b.part)
    or (b.source = backfill_start.source and b.destination = backfill_start.destination
        and b.capture <> capture_oid and b.condition = coalesce(backfill_start.condition, ''));

  select b.condition into other_condition
  from outbox.backfill_progress b
  where b.source = backfill_start.source and b.destination = backfill_start.destination
    and b.condition <> coalesce(backfill_start.condition, '')
  limit 1;
  if found then
    raise exception 'a backfill of % with condition % has not ended', backfill_start.source, coalesce(quote_literal(nullif(other_condition, '')), 'null')
      using errcode = 'object_in_use',
            hint = format('It is under way, or was cut short. Call it again to end it; or, if nobody is at it, forget it: delete from outbox.backfill_progress '
              || 'where source = %L::regclass and destination = %L;', backfill_start.source::text, backfill_start.destination);
  end if;

  select t.relid into unreadable
  from pg_partition_tree(backfill_start.source) t join pg_class c on c.oid = t.relid
  where c.relkind = 'f'
  order by t.relid
  limit 1;
  if found then
    raise exception 'partition % of % is a foreign table, which a backfill cannot read step by step', unreadable, backfill_start.source
      using errcode = 'feature_not_supported',
            hint = format('Its rows cannot be locked. Backfill the other partitions one by one: select outbox.backfill(..., %L).', backfill_start.destination);
  end if;

  if not exists (
    select from outbox.backfill_progress b where b.source = backfill_start.source and b.destination = backfill_start.destination
  ) then
    insert into outbox.backfill_progress (source, destination, part, filenode, capture, condition, next_block, end_block)
    select backfill_start.source, backfill_start.destination, c.oid, pg_relation_filenode(c.oid), capture_oid, coalesce(backfill_start.condition, ''),
           0, pg_relation_size(c.oid) / current_setting('block_size')::bigint
    from (
      select backfill_start.source::oid as relid
      union
      select t.relid from pg_partition_tree(backfill_start.source) t where t.isleaf
    ) p
    join pg_class c on c.oid = p.relid and c.relkind = 'r';
  end if;
end
$$;

comment on function outbox_internal.backfill_start(regclass, text, text, boolean) is 'Makes sure that there is a record of how far a backfill has come.';
revoke execute on function outbox_internal.backfill_start(regclass, text, text, boolean) from public;
