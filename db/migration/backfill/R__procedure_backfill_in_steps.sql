-- SPDX-License-Identifier: Apache-2.0
-- outbox.backfill_in_steps: outbox.backfill for a table that is large and in use.
--
-- Commits every few blocks, so a writer waits for a few rows and milliseconds at most; cut short, the next call goes on
-- where this one was. Must be called outside a transaction block. No pinned search_path, since a procedure that has one
-- cannot commit: every name is qualified instead.
--
-- parameters: source, destination, condition  as of outbox.backfill
--             rest      how long to rest after each step
--             patience  how long to wait for rows that other transactions hold locked
-- writes:     outbox.pending, outbox.backfill_progress
create or replace procedure outbox.backfill_in_steps(
  source regclass,
  destination text,
  condition text default null,
  rest interval default '0',
  patience interval default '1 minute'
)
language plpgsql
as $$
declare
  written bigint;
  stuck_since timestamptz;
  here text;
  within_transaction text;
begin
  -- Within an exception block COMMIT always fails, but with another message where the procedure itself could not commit
  -- either; both have one SQLSTATE. What a DO block is told, which can never commit from EXECUTE, shows that message in
  -- the language of this server.
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
    raise exception 'outbox.backfill_in_steps commits each step: it must be called outside a transaction'
      using errcode = 'invalid_transaction_termination',
            hint = 'Not after BEGIN, with autocommit on, and not from a function. In one transaction: select outbox.backfill(...).';
  end if;

  perform outbox_internal.backfill_start(backfill_in_steps.source, backfill_in_steps.destination, backfill_in_steps.condition);
  loop
    written := outbox_internal.backfill_step(backfill_in_steps.source, backfill_in_steps.destination);
    commit;
    exit when written is null;
    if written operator(pg_catalog.>=) 0 then
      stuck_since := null;
      if rest operator(pg_catalog.>) '0'::pg_catalog.interval then
        perform pg_catalog.pg_sleep_for(rest);
      end if;
    else
      stuck_since := coalesce(stuck_since, pg_catalog.clock_timestamp());
      if pg_catalog.clock_timestamp() operator(pg_catalog.-) stuck_since operator(pg_catalog.>) patience then
        raise exception 'the last rows of % are locked by other transactions', backfill_in_steps.source
          using errcode = 'lock_not_available', hint = 'The others are written. Call again with the same arguments to go on.';
      end if;
      perform pg_catalog.pg_sleep_for('20 milliseconds'::pg_catalog.interval);
    end if;
  end loop;
end
$$;

comment on procedure outbox.backfill_in_steps(regclass, text, text, interval, interval) is
  'Writes a message, op read, for each row that a captured table has now. Commits every few blocks, and
goes on where it was cut short when it is called again. Call it outside a transaction.
source, destination, condition: as of outbox.backfill. rest: how long to rest after each step.
patience: how long to wait for rows that others hold locked.
Errors: as of outbox.backfill; lock_not_available when patience has ended, the other rows being
written; invalid_transaction_termination inside a transaction.';
revoke execute on procedure outbox.backfill_in_steps(regclass, text, text, interval, interval) from public;
