-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.settings_of: how a capture trigger's table is captured, from the trigger's last argument.
--
-- Who may execute outbox.capture_row can make a trigger with it and any arguments. What
-- outbox.capture cannot have written is null, so that everybody else's captures can be looked at.
--
-- parameters: arguments  the trigger's, from 1 on, as outbox_internal.trigger_arguments gives them
-- returns:    its settings, all null when they are none
-- reads:      nothing
create or replace function outbox_internal.settings_of(arguments text[]) returns outbox_internal.capture_settings
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  settings outbox_internal.capture_settings;
begin
  if cardinality(arguments) = 10
      and arguments[2] ~ '^[0-9]{1,10}$' and arguments[3] ~ '^[0-9]{1,10}$'
      and arguments[4] ~ '^[0-9]{0,9}$' then
    settings := arguments[10]::outbox_internal.capture_settings;
    if settings.column_mode in ('all', 'only', 'except')
        and settings.fires in ('origin', 'always', 'replica')
        and cardinality(settings.key_names) = cardinality(settings.key_numbers)
        and cardinality(settings.column_names) <= cardinality(settings.column_numbers)
        and cardinality(settings.operations) > 0
        and coalesce(cardinality(settings.key_forms), cardinality(settings.key_names))
          = cardinality(settings.key_names)
        and array_position(settings.key_names || settings.column_names || settings.operations, null)
          is null
        and array_position(settings.key_numbers || settings.column_numbers, null) is null
        and settings.include_old is not null and settings.skip_unchanged is not null
        and settings.captured is not null then
      return settings;
    end if;
  end if;
  return null;
exception when others then
  return null;
end
$$;

comment on function outbox_internal.settings_of(text[]) is
  'How a capture trigger''s table is captured, from the trigger''s arguments.';
revoke execute on function outbox_internal.settings_of(text[]) from public;
