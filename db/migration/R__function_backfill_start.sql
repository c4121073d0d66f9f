-- outbox.backfill_start: makes sure that there is a record of how far the backfill of a table has come.
--
-- A record left by a backfill that was cut short is kept, so that the next call goes on; one with another condition, or of
-- a table that was rewritten since (rows have new places), starts again.
--
-- parameters: source, destination, condition  as of outbox.backfill
-- returns:    nothing
-- reads:      outbox.capture_detail, pg_class
-- writes:     outbox.backfill_progress
create or replace function outbox.backfill_start(source regclass, destination text, condition text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'a backfill cannot run at isolation level %', current_setting('transaction_isolation')
      using errcode = 'invalid_transaction_state', hint = 'It must see what is committed meanwhile: use read committed.';
  end if;
  if backfill_start.source is null or backfill_start.destination is null then
    raise exception 'source and destination must not be null' using errcode = 'null_value_not_allowed';
  end if;
  if not exists (
    select from outbox.capture_detail t
    where t.source = backfill_start.source and t.destination = backfill_start.destination and t.operation <> 'truncate'
  ) then
    raise exception '% is not captured for destination %', backfill_start.source, quote_literal(backfill_start.destination)
      using errcode = 'object_not_in_prerequisite_state',
            hint = format('Changes made during the backfill must be messages too. First: select outbox.capture(%L, %L).',
              backfill_start.source::text, backfill_start.destination);
  end if;

  delete from outbox.backfill_progress b
  where not exists (select from pg_class c where c.oid = b.part)
    or (b.source = backfill_start.source and b.destination = backfill_start.destination
        and (b.condition <> coalesce(backfill_start.condition, '') or b.filenode <> pg_relation_filenode(b.part)));

  if not exists (
    select from outbox.backfill_progress b where b.source = backfill_start.source and b.destination = backfill_start.destination
  ) then
    insert into outbox.backfill_progress (source, destination, part, filenode, condition, next_block, end_block)
    select backfill_start.source, backfill_start.destination, c.oid, pg_relation_filenode(c.oid), coalesce(backfill_start.condition, ''),
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

comment on function outbox.backfill_start(regclass, text, text) is 'Makes sure that there is a record of how far a backfill has come.';
revoke execute on function outbox.backfill_start(regclass, text, text) from public;
