-- SPDX-License-Identifier: Apache-2.0
-- outbox.backfill: writes a message, op 'read', for each row that a captured table has now.
--
-- All in the caller's transaction, so the rows stay locked against changes until it ends: for a table that is small or
-- quiet. For any other: call outbox.backfill_in_steps, which commits every few blocks.
-- Where an update may go without a message (skip_unchanged, a condition, updates not captured) all writers wait.
--
-- parameters: source       a captured table
--             destination  the destination it is captured for
--             condition    which rows, as after WHERE, with the caller's rights; null for all
-- returns:    rows written
-- reads:      the table
-- writes:     outbox.pending
create or replace function outbox.backfill(source regclass, destination text, condition text default null) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
declare
  patience constant interval := '10 seconds';
  written bigint;
  total bigint := 0;
  stuck_since timestamptz;
begin
  delete from outbox.backfill_progress b
  where b.source = backfill.source and b.destination = backfill.destination and b.condition = coalesce(backfill.condition, '');
  perform outbox_internal.backfill_start(backfill.source, backfill.destination, backfill.condition, true);
  loop
    written := outbox_internal.backfill_step(backfill.source, backfill.destination, true);
    exit when written is null;
    if written >= 0 then
      total := total + written;
      stuck_since := null;
    elsif clock_timestamp() - coalesce(stuck_since, clock_timestamp()) > patience then
      raise exception 'rows of % are locked by other transactions', backfill.source
        using errcode = 'lock_not_available', hint = 'Nothing was written. Try again, or: call outbox.backfill_in_steps(...).';
    else
      stuck_since := coalesce(stuck_since, clock_timestamp());
      perform pg_sleep(0.02);
    end if;
  end loop;
  return total;
end
$$;

comment on function outbox.backfill(regclass, text, text) is
  'Writes a message, op read, for each row that a captured table has now, in one transaction: for a
table that is small or quiet. For any other: call outbox.backfill_in_steps.
source: the table. destination: one that it is captured for. condition: which rows, as after WHERE,
with the caller''s rights; null for all. Returns the number of rows.
Errors: object_not_in_prerequisite_state when it is not captured so; invalid_parameter_value when the
condition is none; lock_not_available when rows stay locked by others for 10 seconds; object_in_use
when another backfill of it has not ended; feature_not_supported for a foreign table among its
partitions; invalid_transaction_state at another isolation level than read committed.';
revoke execute on function outbox.backfill(regclass, text, text) from public;
