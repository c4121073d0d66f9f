-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.checked_condition: a trigger condition as PostgreSQL understands it.
--
-- A trigger is made with it and dropped again, so that PostgreSQL itself checks it and writes it out in full: every
-- column as new.... or old...., nothing after it that could be taken for more of the command.
-- Before that it must be one command: others, behind a semicolon, would be executed with the rights of whoever captures, such as a
-- superuser who runs the doctor's statement. PostgreSQL opens no cursor on a command that makes a trigger, nor on several
-- commands, and says which it is; it only reads them for that.
--
-- parameters: source     the table
--             condition  a condition on new and old
-- returns:    the condition, written out
-- writes:     pg_trigger, and takes it back
create or replace function outbox_internal.checked_condition(source regclass, condition text) returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
declare
  command constant text := format('create trigger "00_outbox_condition" after update on %s for each row when (%s'
    || e'\n) execute function outbox.capture_row()', source, condition);
  opened refcursor;
  one_command text;
  said text;
  written_out text;
  reason text;
begin
  if condition ~ '^[[:space:]]*$' then
    raise exception 'condition is empty' using errcode = 'invalid_parameter_value', hint = 'Leave it null for every row.';
  end if;
  begin
    open opened for execute 'create trigger t after update on t for each row execute function f()';
  exception when invalid_cursor_definition then
    get stacked diagnostics one_command = message_text;
  end;
  begin
    begin
      open opened for execute command;
    exception when invalid_cursor_definition then
      get stacked diagnostics said = message_text;
    end;
    if said is distinct from one_command then
      raise exception 'it is more than a condition';
    end if;
    execute command;
    select outbox_internal.trigger_condition(t.oid)
    into written_out
    from pg_trigger t
    where t.tgrelid = source and t.tgname = '00_outbox_condition' and t.tgnargs = 0;
    execute format('drop trigger "00_outbox_condition" on %s', source);
  exception
    when insufficient_privilege or lock_not_available or query_canceled then
      raise;
    when others then
      get stacked diagnostics reason = message_text;
      raise exception 'condition % is no condition on a row of %: %', quote_literal(condition), source, reason
        using errcode = 'invalid_parameter_value',
              hint = 'Write it as in CREATE TRIGGER ... WHEN, for example: new.status = ''paid'' or old.status is distinct from new.status. '
                'No subqueries; functions with their schema.';
  end;
  if written_out is null then
    raise exception 'condition % is more than a condition', quote_literal(condition) using errcode = 'invalid_parameter_value';
  end if;
  return written_out;
end
$$;

comment on function outbox_internal.checked_condition(regclass, text) is 'A trigger condition, checked and written out by PostgreSQL.';
revoke execute on function outbox_internal.checked_condition(regclass, text) from public;
