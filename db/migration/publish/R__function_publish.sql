-- SPDX-License-Identifier: Apache-2.0
-- outbox.publish: writes a message of the application's own making, in the application's transaction.
--
-- parameters: destination  outbox.destination.name
--             payload      any JSON, as json, jsonb or text
--             key          messages of one key are delivered in order; null: no order
--             type         the application's name for this kind of message
--             headers      a JSON object; null: what the setting outbox.headers says
--             deliver_at   not before this time
--             serialize    messages of one key go in the order of commits: waits for other
--                          transactions that have published one so, until they end. Without it the
--                          order is that of the calls, where the application has none of its own
--             expire_at    what is not sent by then is set aside; null: it is sent whenever it may be
-- returns:    the message's id
-- reads:      outbox.destination
-- writes:     outbox.pending, outbox.parked
create or replace function outbox.publish(
  destination text,
  payload json,
  key text default null,
  type text default null,
  headers json default null,
  deliver_at timestamptz default null,
  serialize boolean default false,
  expire_at timestamptz default null
) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  target record;
  message_id bigint;
begin
  select d.number, d.doorbell into target from outbox.destination d where d.name = publish.destination;
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

  if not isfinite(publish.expire_at) or publish.expire_at <= publish.deliver_at then
    raise exception 'expire_at is %', publish.expire_at
      using errcode = 'invalid_parameter_value', hint = 'Give a time after deliver_at, or leave it out to send it whenever it may be.';
  end if;

  if publish.serialize is null then
    raise exception 'serialize must be true or false, not null' using errcode = 'null_value_not_allowed';
  end if;
  if publish.serialize and publish.key is not null then
    -- Before the id is drawn. It ends with the transaction, after its messages are visible.
    perform pg_advisory_xact_lock(7021005, hashtext(target.number || ' ' || publish.key));
  end if;

  publish.headers := coalesce(publish.headers, outbox_internal.headers());
  if publish.deliver_at is null then
    insert into outbox.pending (destination, op, key, type, new_row, headers, expires_at)
    values (target.number, 'm', publish.key, publish.type, publish.payload, publish.headers,
      publish.expire_at)
    returning id into message_id;
  elsif exists (
      select from outbox.destination_state s
      where s.destination = publish.destination and s.capture_stopped_at is not null) then
    return null;
  else
    insert into outbox.parked (
      id, xid, created_at, destination, source, op, key, type, new_row, headers, state, due_at,
      expires_at)
    values (nextval('outbox.pending_id_seq'), pg_current_xact_id(), clock_timestamp(), target.number,
      0, 'm', publish.key, publish.type, publish.payload, publish.headers, 'pending',
      publish.deliver_at, publish.expire_at)
    returning id into message_id;
  end if;

  if message_id is not null then
    perform outbox_internal.ring(publish.destination, target.doorbell);
  end if;
  return message_id;
end
$$;

-- The same with a jsonb. And with a text: with two types alone PostgreSQL could not tell which one a
-- literal is meant to be.
create or replace function outbox.publish(
  destination text,
  payload jsonb,
  key text default null,
  type text default null,
  headers json default null,
  deliver_at timestamptz default null,
  serialize boolean default false,
  expire_at timestamptz default null
) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return outbox.publish(
    publish.destination, publish.payload::json, publish.key, publish.type, publish.headers,
    publish.deliver_at, publish.serialize, publish.expire_at);
end
$$;

create or replace function outbox.publish(
  destination text,
  payload text,
  key text default null,
  type text default null,
  headers json default null,
  deliver_at timestamptz default null,
  serialize boolean default false,
  expire_at timestamptz default null
) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return outbox.publish(
    publish.destination, publish.payload::json, publish.key, publish.type, publish.headers,
    publish.deliver_at, publish.serialize, publish.expire_at);
end
$$;

comment on function outbox.publish(text, json, text, text, json, timestamptz, boolean, timestamptz) is
  'Writes a message to a destination; it is sent if the transaction commits.
destination: outbox.destination.name. payload: any JSON. key: messages of one key go in order; null:
no order. type: the application''s name for this kind of message. headers: a JSON object; null: what
the setting outbox.headers says. deliver_at: not before this time. serialize: messages of one key go
in the order of commits, for which their publishers wait for each other. expire_at: what is not sent
by then is set aside.
Returns the message''s id, null while outbox.stop_capturing is in force. Errors: undefined_object when there is no such destination;
null_value_not_allowed for payload and serialize; invalid_parameter_value for headers that are no
object, a deliver_at that is infinite and an expire_at that is, or is not after deliver_at.';
revoke execute on function outbox.publish(text, json, text, text, json, timestamptz, boolean, timestamptz) from public;
comment on function outbox.publish(text, jsonb, text, text, json, timestamptz, boolean, timestamptz) is
  'Writes a message to a destination; it is sent if the transaction commits.
destination: outbox.destination.name. payload: any JSON. key: messages of one key go in order; null:
no order. type: the application''s name for this kind of message. headers: a JSON object; null: what
the setting outbox.headers says. deliver_at: not before this time. serialize: messages of one key go
in the order of commits, for which their publishers wait for each other. expire_at: what is not sent
by then is set aside.
Returns the message''s id, null while outbox.stop_capturing is in force. Errors: undefined_object when there is no such destination;
null_value_not_allowed for payload and serialize; invalid_parameter_value for headers that are no
object, a deliver_at that is infinite and an expire_at that is, or is not after deliver_at.';
revoke execute on function outbox.publish(text, jsonb, text, text, json, timestamptz, boolean, timestamptz) from public;
comment on function outbox.publish(text, text, text, text, json, timestamptz, boolean, timestamptz) is
  'Writes a message to a destination; it is sent if the transaction commits.
destination: outbox.destination.name. payload: any JSON. key: messages of one key go in order; null:
no order. type: the application''s name for this kind of message. headers: a JSON object; null: what
the setting outbox.headers says. deliver_at: not before this time. serialize: messages of one key go
in the order of commits, for which their publishers wait for each other. expire_at: what is not sent
by then is set aside.
Returns the message''s id, null while outbox.stop_capturing is in force. Errors: undefined_object when there is no such destination;
null_value_not_allowed for payload and serialize; invalid_parameter_value for headers that are no
object, a deliver_at that is infinite and an expire_at that is, or is not after deliver_at; invalid_text_representation for a payload that is no
JSON.';
revoke execute on function outbox.publish(text, text, text, text, json, timestamptz, boolean, timestamptz) from public;
