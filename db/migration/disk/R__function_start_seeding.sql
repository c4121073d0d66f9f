-- SPDX-License-Identifier: Apache-2.0
-- outbox.start_seeding: lets members of a role write to captured tables without messages, in sessions that
-- say set outbox.capture = off.
--
-- For loading tables whose receivers have the rows already. Who is no member, or does not say so, writes
-- messages as before. A trigger on outbox.pending leaves the rows out; there is none while nobody seeds,
-- so that a captured write does not pay for it. Messages of outbox.publish and backfills are written.
--
-- parameters: seeders  the role
-- returns:    false when it was so already
-- raises:     null_value_not_allowed; lock_not_available, when transactions that write leave no moment
-- writes:     the triggers of outbox.pending
create or replace function outbox.start_seeding(seeders regrole) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
begin
  if start_seeding.seeders is null then
    raise exception 'seeders is null' using errcode = 'null_value_not_allowed';
  end if;
  if exists (
      select from pg_trigger t
      where t.tgrelid = 'outbox.pending'::regclass and t.tgname = 'not_written_seeding'
        and t.tgargs = convert_to(start_seeding.seeders::text, getdatabaseencoding()) || '\x00'::bytea) then
    return false;
  end if;
  if not outbox_internal.lock_queue(30) then
    raise exception 'transactions that write do not leave a moment to start seeding'
      using errcode = 'lock_not_available',
            hint = 'Call it again. Long transactions stand in pg_stat_activity, by xact_start.';
  end if;
  execute format(
    'create or replace trigger not_written_seeding before insert on outbox.pending for each row '
      'when (new.tx is null and new.op in (''i'', ''u'', ''d'', ''t'') '
      'and lower(current_setting(''outbox.capture'', true) collate "C") '
      '= any (''{off,of,false,fals,fal,fa,f,no,n,0}''::text[])) '
      'execute function outbox_internal.not_written_by(%L)', start_seeding.seeders::text);
  return true;
end
$$;

comment on function outbox.start_seeding(regrole) is
  'Lets members of a role write to captured tables without messages, in sessions that say
set outbox.capture = off. seeders: the role. Returns false when it was so already.
Errors: null_value_not_allowed; lock_not_available when transactions that write leave no moment for it:
call it again.';
revoke execute on function outbox.start_seeding(regrole) from public;
