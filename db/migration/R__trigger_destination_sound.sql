-- outbox.destination_sound: refuses settings that do not go together, with words instead of a constraint's name.
--
-- Framing 'raw' ends a message with its connection, and format 'payload' carries no id: neither leaves anything that a line could answer.
-- A misspelt option would be passed over, and with it, say, the CA that was meant to be trusted alone.
--
-- reads: nothing
create or replace function outbox.destination_sound() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  known constant text[] := '{idle_timeout_ms,tls_ca,tls_cert,tls_key,tls_server_name}';
  unknown text;
  wrong text;
begin
  if new.ack = 'line' and (new.framing = 'raw' or new.format = 'payload') then
    raise exception 'destination %: % goes with ack ''close'' or ''none'', not with ''line''', quote_literal(new.name),
      case when new.framing = 'raw' then 'framing ''raw''' else 'format ''payload''' end
      using errcode = 'check_violation',
            hint = case when new.framing = 'raw' then 'The message ends with its connection, so there is no line to answer with.'
                        else 'A payload carries no id that could be answered.' end;
  end if;

  if jsonb_typeof(new.options) = 'object' then
    select string_agg(quote_literal(o.key), ', ') into unknown from jsonb_object_keys(new.options) as o(key) where o.key <> all (known);
    if unknown is not null then
      raise exception 'destination %: options have %', quote_literal(new.name), unknown
        using errcode = 'check_violation', hint = 'Known are ' || array_to_string(known, ', ') || '.';
    end if;

    select string_agg(quote_literal(o.key), ', ') into wrong from jsonb_each(new.options) as o(key, value)
    where case
      when o.key <> 'idle_timeout_ms' then jsonb_typeof(o.value) <> 'string' or (o.value #>> '{}') !~ '[^[:space:]]'
      when jsonb_typeof(o.value) <> 'number' then true
      else (o.value #>> '{}')::numeric not between 1 and 86400000 or (o.value #>> '{}')::numeric % 1 <> 0
    end;
    if wrong is not null then
      raise exception 'destination %: option % has no sound value', quote_literal(new.name), wrong
        using errcode = 'check_violation', hint = 'idle_timeout_ms is a number from 1 to 86400000, the others are strings.';
    end if;

    if (new.options ? 'tls_cert') <> (new.options ? 'tls_key') then
      raise exception 'destination %: options need tls_cert and tls_key together', quote_literal(new.name)
        using errcode = 'check_violation';
    end if;
  end if;
  return new;
end
$$;

comment on function outbox.destination_sound() is 'Trigger function: refuses destination settings that do not go together.';
revoke execute on function outbox.destination_sound() from public;

create or replace trigger destination_sound
  before insert or update of format, framing, ack, options on outbox.destination
  for each row execute function outbox.destination_sound();
