-- outbox.publish: writes a message of the application's own making, in the application's transaction.
--
-- parameters: destination  outbox.destination.name
--             payload      any JSON
--             key          messages of one key are delivered in order; null: no order
--             type         the application's name for this kind of message
--             headers      a JSON object; null: what the setting outbox.headers says
--             deliver_at   not before this time
-- returns:    the message's id
-- reads:      outbox.destination
-- writes:     outbox.message
create or replace function outbox.publish(
  destination text,
  payload json,
  key text default null,
  type text default null,
  headers json default null,
  deliver_at timestamptz default null
) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  bell integer;
  message_id bigint;
begin
  select d.doorbell into bell from outbox.destination d where d.name = publish.destination;
  if not found then
    raise exception 'destination % does not exist', coalesce(quote_literal(publish.destination), 'null')
      using errcode = 'undefined_object', hint = 'Make it first: insert into outbox.destination (name, uri) values (...).';
  end if;
  if publish.payload is null then
    raise exception 'payload is null' using errcode = 'null_value_not_allowed', hint = 'The JSON value null is written ''null''::json.';
  end if;
  if json_typeof(publish.headers) <> 'object' then
    raise exception 'headers is a JSON %, not an object', json_typeof(publish.headers) using errcode = 'invalid_parameter_value';
  end if;

  if not isfinite(publish.deliver_at) then
    raise exception 'deliver_at is %', publish.deliver_at
      using errcode = 'invalid_parameter_value', hint = 'Give a time, or leave it out to deliver at once.';
  end if;

  insert into outbox.message (destination, op, key, type, new_row, headers, due_at)
  values (publish.destination, 'message', publish.key, publish.type, publish.payload,
          coalesce(publish.headers, outbox.headers()), publish.deliver_at)
  returning id into message_id;

  perform outbox.ring(publish.destination, bell);
  return message_id;
end
$$;

comment on function outbox.publish(text, json, text, text, json, timestamptz) is 'Writes a message to a destination; it is sent if the transaction commits.';
revoke execute on function outbox.publish(text, json, text, text, json, timestamptz) from public;
