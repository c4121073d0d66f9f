-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.headers: the caller's context, taken from the setting outbox.headers of the writer's session.
--
-- Whatever the setting holds, the write must go on: what is not a JSON object is kept as {"malformed": "..."}, cut to 1,000
-- characters, or without it where it is no text at all. The handler makes a subtransaction, which gets no transaction id since nothing is written in it; callers
-- come here once a statement, and only when the setting is not empty.
--
-- returns: a JSON object, null when the setting is empty
-- reads:   nothing
create or replace function outbox_internal.headers() returns json
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  given text := current_setting('outbox.headers', true);
begin
  if coalesce(given, '') = '' then
    return null;
  end if;
  begin
    if json_typeof(given::json) = 'object' then
      return given::json;
    end if;
  exception when others then
    null; -- not JSON at all: kept as malformed below
  end;
  begin
    return json_build_object('malformed', left(given, 1000));
  exception when others then
    return '{"malformed":"not text in the encoding of this database"}';
  end;
end
$$;

comment on function outbox_internal.headers() is 'The JSON object in the setting outbox.headers of this session, null when it is empty.';
revoke execute on function outbox_internal.headers() from public;
