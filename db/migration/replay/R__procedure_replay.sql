-- SPDX-License-Identifier: Apache-2.0
-- outbox.replay: sends kept messages again, to the same destination or to another one.
--
-- Commits each step, so it is resumable: the next call with the same arguments goes on where this one
-- was cut short. Must be called outside a transaction block. No pinned search_path, since a procedure
-- that has one cannot commit: every name is qualified instead.
--
-- parameters: destination     whose kept messages
--             to_destination  to which they are sent; null: to the same
--             tables          only of these; null: of all, and of outbox.publish
--             keys            only of these; null: of all
--             since, until    only what was delivered in this time
--             condition       only what it holds for: on key, op, source_schema, source_table, type,
--                             new_row, old_row, headers, created_at and delivered_at; with the caller's
--                             rights, names of other schemas than pg_catalog qualified
--             rate            so many messages a second at most
-- writes:     outbox.pending, outbox.replay_progress
create or replace procedure outbox.replay(
  destination text,
  to_destination text default null,
  tables regclass[] default null,
  keys text[] default null,
  since timestamptz default null,
  until timestamptz default null,
  condition text default null,
  rate integer default null
)
language plpgsql
as $$
declare
  most constant integer := 1000;
  this bigint;
  step integer := most;
  written bigint;
  all_written bigint := 0;
  began constant timestamptz := pg_catalog.clock_timestamp();
  here text;
  within_transaction text;
begin
  -- As outbox.backfill_in_steps finds out.
  begin
    commit;
  exception when invalid_transaction_termination then
    get stacked diagnostics here = message_text;
  end;
  begin
    execute 'do $do$ begin commit; end $do$';
  exception when invalid_transaction_termination then
    get stacked diagnostics within_transaction = message_text;
  end;
  if here operator(pg_catalog.=) within_transaction then
    raise exception 'outbox.replay commits each step: it must be called outside a transaction'
      using errcode = 'invalid_transaction_termination',
            hint = 'Not after BEGIN, with autocommit on, and not from a function.';
  end if;

  if rate operator(pg_catalog.<) 1 then
    raise exception 'rate is %, need 1 or more', rate using errcode = 'invalid_parameter_value';
  end if;
  if rate is not null then
    -- A tenth of a second's worth, so that others need not wait for many.
    step := greatest(1, least(most, rate operator(pg_catalog./) 10));
  end if;
  this := outbox_internal.replay_start(
    replay.destination, replay.to_destination, replay.tables, replay.keys, replay.since, replay.until,
    replay.condition);
  loop
    commit;
    written := outbox_internal.replay_step(this, step);
    exit when written is null;
    all_written := all_written operator(pg_catalog.+) written;
    if rate is not null and written operator(pg_catalog.>) 0 then
      commit;
      perform pg_catalog.pg_sleep(
        greatest(0::double precision,
          all_written::double precision operator(pg_catalog./) rate::double precision
          operator(pg_catalog.-) extract(epoch from pg_catalog.clock_timestamp()
            operator(pg_catalog.-) began)::double precision));
    end if;
  end loop;
end
$$;

comment on procedure outbox.replay(text, text, regclass[], text[], timestamptz, timestamptz, text, integer) is
  'Sends kept messages again, each with an id of its own and the old one in headers.outbox_replay_of.
Commits each step, and goes on where it was cut short when it is called again. Call it outside a
transaction. destination: whose kept messages. to_destination: to which they are sent; null: the same.
tables, keys: only of these. since, until: only what was delivered then. condition: only what it holds
for, as after WHERE. rate: so many a second at most. Null: no such limit.
Errors: undefined_object when there is no such destination; invalid_parameter_value when a table was
never captured, for since and until, and for rate; invalid_transaction_termination inside a
transaction; object_not_in_prerequisite_state when outbox.cancel_replay has ended it.';
revoke execute on procedure outbox.replay(text, text, regclass[], text[], timestamptz, timestamptz, text, integer) from public;
