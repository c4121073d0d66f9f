-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.destination_sound: refuses settings that do not go together, with words instead of a constraint's name.
--
-- Framing 'raw' ends a message with its connection, and format 'payload' carries no id: neither leaves anything that a line could answer.
-- A host is what can be one: whatever else is saved here would be looked up again and again. Systems disagree about addresses
-- written otherwise than as four plain numbers (1.2.3, 010.0.0.1, 0x7f.1). Zones of IPv6 ([fe80::1%eth0]) are not supported.
-- The transports (HostName, TcpOptions, WirePairs, HttpUri, HttpOptions, BrokerUri, NatsSubject, NatsOptions, AmqpOptions,
-- KafkaTopic, KafkaOptions in Java) say the same.
-- A misspelt option would be passed over, and with it, say, the CA that was meant to be trusted alone.
-- A secret is named, never held: whoever reads this table, or a dump of it, must not find one.
--
-- calls: outbox_internal.transport_options, outbox_internal.option_fault
create or replace function outbox_internal.destination_sound() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
declare
  label constant text := '[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
  octet constant text := '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
  ipv4 constant text := '(' || octet || '\.){3}' || octet;
  number constant text := '([0-9]+|0[xX][0-9A-Fa-f]*)';
  uri_parts constant text[] := coalesce(
    regexp_match(new.uri, '^(tcp|tls)://(.+):[0-9]+$'),
    regexp_match(new.uri, '^(https?)://(\[[^]]*\]|[^]:/?#@]+)'),
    regexp_match(new.uri, '^(nats|tls[+]nats|kafka|tls[+]kafka|amqps?)://([^/?#@]+)(?:/(.*))?$'));
  over_broker constant boolean := coalesce(uri_parts[1] ~ '^amqp|(nats|kafka)$', false);
  -- What answers each message itself.
  answering constant boolean := over_broker or coalesce(uri_parts[1] like 'http%', false);
  known text[];
  hosts text[] := case when over_broker
    then (select array_agg(regexp_replace(h.host, ':[0-9]+$', '')) from unnest(string_to_array(uri_parts[2], ',')) as h(host))
    else array[uri_parts[2]] end;
  host text;
  subject text;
  topic text;
  is_address boolean;
  unknown text;
  wrong text;
  fault text;
begin
  if jsonb_typeof(new.options -> 'tls_server_name') = 'string' then
    -- An address stands here without brackets.
    hosts := hosts || regexp_replace(new.options ->> 'tls_server_name', '^(.*:.*)$', '[\1]');
  end if;
  -- What is no uri at all is left to the constraint.
  foreach host in array hosts loop
    if host like '[%' then
      begin
        is_address := host !~ '[%/]' and (host !~ '\.' or host ~ (':' || ipv4 || '\]$'))
          and family(substr(host, 2, length(host) - 2)::inet) = 6;
      exception when data_exception then
        is_address := false;
      end;
      if not is_address then
        raise exception 'destination %: the host % is not an IPv6 address', quote_literal(new.name), quote_literal(host)
          using errcode = 'check_violation', hint = 'Without a zone: [2001:db8::7].';
      end if;
    elsif host ~ ('^(' || number || '\.)*' || number || '\.?$') then
      if host !~ ('^' || ipv4 || '$') then
        raise exception 'destination %: the host % is not an IPv4 address', quote_literal(new.name), quote_literal(host)
          using errcode = 'check_violation', hint = 'Four numbers from 0 to 255, without zeros before them: 10.1.2.3.';
      end if;
    elsif host !~ ('^(' || label || '\.)*' || label || '\.?$') or length(regexp_replace(host, '\.$', '')) > 253 then
      raise exception 'destination %: the host % is not a host name', quote_literal(new.name), quote_literal(host)
        using errcode = 'check_violation',
              hint = 'At most 253 characters: labels of at most 63 letters, digits, - and _, separated by dots; other letters as xn--....';
    end if;
  end loop;

  if uri_parts[1] in ('amqps', 'tls+nats', 'tls+kafka')
     and coalesce(nullif(new.options ->> 'tls_server_name', ''), uri_parts[2]) ~ '_' then
    raise exception 'destination %: no certificate can be held against %, which has an underscore', quote_literal(new.name),
      quote_literal(coalesce(nullif(new.options ->> 'tls_server_name', ''), uri_parts[2]))
      using errcode = 'check_violation', hint = 'Name another one of the broker''s names in the option tls_server_name.';
  end if;

  if answering and (new.framing <> 'ndjson' or new.ack <> 'line') then
    raise exception 'destination %: framing and ack stay as they are by default with a uri that begins with %://',
      quote_literal(new.name), uri_parts[1]
      using errcode = 'check_violation', hint = 'The answer to each message acknowledges it.';
  end if;

  if uri_parts[1] ~ 'nats$' then
    subject := regexp_replace(coalesce(uri_parts[3], ''), '[{](schema|table|op|type|key|destination)[}]', 'x', 'g');
    if subject !~ '^[^$.*>{}[:space:]][^.*>{}[:space:]]*([.][^.*>{}[:space:]]+)*$' then
      raise exception 'destination %: the subject % cannot be one', quote_literal(new.name), quote_literal(uri_parts[3])
        using errcode = 'check_violation',
              hint = 'Tokens separated by dots, without * and >, and no $ before it: '
                || 'nats://host:4222/orders.{schema}.{table}; also {op}, {type}, {key}, {destination}.';
    end if;
  end if;

  if uri_parts[1] ~ 'kafka$' then
    topic := regexp_replace(coalesce(uri_parts[3], ''), '[{](schema|table|op|type|key|destination)[}]', 'x', 'g');
    if topic !~ '^[A-Za-z0-9._-]{1,249}$' or topic ~ '^(__|[.]{1,2}$)' then
      raise exception 'destination %: the topic % cannot be one', quote_literal(new.name), quote_literal(uri_parts[3])
        using errcode = 'check_violation',
              hint = 'At most 249 letters, digits, . _ and -, and no __ before it: '
                || 'kafka://host:9092/orders.{schema}.{table}; also {op}, {type}, {key}, {destination}.';
    end if;
  end if;

  if uri_parts[1] ~ '^amqp' and uri_parts[3] ~ '/|%(?![0-9A-Fa-f]{2})' then
    raise exception 'destination %: the virtual host % cannot be one', quote_literal(new.name), quote_literal(uri_parts[3])
      using errcode = 'check_violation', hint = 'One name, in which a slash is %2F.';
  end if;

  if not answering and new.ack = 'line' and (new.framing = 'raw' or new.format = 'payload') then
    raise exception 'destination %: % goes with ack ''close'' or ''none'', not with ''line''', quote_literal(new.name),
      case when new.framing = 'raw' then 'framing ''raw''' else 'format ''payload''' end
      using errcode = 'check_violation',
            hint = case when new.framing = 'raw' then 'The message ends with its connection, so there is no line to answer with.'
                        else 'A payload carries no id that could be answered.' end;
  end if;

  if jsonb_typeof(new.options) = 'object' then
    select array_agg(o.option order by o.option) into known
    from outbox_internal.transport_options() o where o.scheme = coalesce(uri_parts[1], 'tcp');

    select string_agg(quote_literal(o.key), ', ') into unknown from jsonb_object_keys(new.options) as o(key) where o.key <> all (known);
    if unknown is not null then
      raise exception 'destination %: options have %', quote_literal(new.name), unknown
        using errcode = 'check_violation', hint = 'Known are ' || array_to_string(known, ', ') || '.';
    end if;

    select string_agg(quote_literal(o.key), ', '), string_agg(f.fault, '; ') into wrong, fault
    from jsonb_each(new.options) as o(key, value)
    join outbox_internal.transport_options() t on t.scheme = coalesce(uri_parts[1], 'tcp') and t.option = o.key
    cross join lateral (select outbox_internal.option_fault(t.type, o.value) as fault offset 0) f
    where f.fault is not null;
    if wrong is not null then
      raise exception 'destination %: option % has no sound value', quote_literal(new.name), wrong
        using errcode = 'check_violation', hint = upper(left(fault, 1)) || substr(fault, 2) || '.';
    end if;

    if (new.options ? 'tls_cert') <> (new.options ? 'tls_key') then
      raise exception 'destination %: options need tls_cert and tls_key together', quote_literal(new.name)
        using errcode = 'check_violation';
    end if;

    if uri_parts[1] in ('tcp', 'http', 'nats', 'kafka', 'amqp') and new.options ?| array['tls_ca', 'tls_cert', 'tls_key', 'tls_server_name'] then
      raise exception 'destination %: options for TLS, and a uri that begins with %://', quote_literal(new.name), uri_parts[1]
        using errcode = 'check_violation', hint = 'Without tls://, https://, amqps:// or tls+ before the scheme everything is sent in plain text, whatever tls_ca says.';
    end if;

    if uri_parts[1] ~ '^amqp' and (length(new.options ->> 'exchange') > 127
      or regexp_replace(new.options ->> 'routing_key', '[{](schema|table|op|type|key|destination)[}]', 'x', 'g') !~ '^[^{}]{1,255}$') then
      raise exception 'destination %: the exchange or the routing key cannot be one', quote_literal(new.name)
        using errcode = 'check_violation',
              hint = 'Of the exchange at most 127 characters; of the routing key 255, with places {schema}, {table}, {op}, {type}, {key}, {destination}.';
    end if;

    if over_broker and (((new.options ? 'user') <> (new.options ? 'password'))
      or (new.options ? 'user')::integer + (new.options ? 'token')::integer + (new.options ? 'credentials')::integer > 1) then
      raise exception 'destination %: options need user and password together, or a token, or credentials', quote_literal(new.name)
        using errcode = 'check_violation';
    end if;

    if new.options ? 'sasl_mechanism' and not new.options ? 'user' then
      raise exception 'destination %: option sasl_mechanism needs user and password', quote_literal(new.name)
        using errcode = 'check_violation';
    end if;

    if new.options ->> 'cloudevents_mode' = 'binary' and new.format <> 'cloudevents' then
      raise exception 'destination %: cloudevents_mode ''binary'' needs the format ''cloudevents''', quote_literal(new.name)
        using errcode = 'check_violation';
    end if;

    if (new.options ->> 'batch')::integer > 1
      and (new.format = 'payload' or new.options ->> 'cloudevents_mode' = 'binary') then
      raise exception 'destination %: a batch needs messages that carry their ids', quote_literal(new.name)
        using errcode = 'check_violation',
              hint = 'Neither the format ''payload'' nor cloudevents_mode ''binary'' has them in the body.';
    end if;

    if new.options ? 'idle_timeout_ms' and (new.ack = 'close' or new.framing = 'raw') then
      raise exception 'destination %: idle_timeout_ms goes with a connection that stays open, not with %', quote_literal(new.name),
        case when new.ack = 'close' then 'ack ''close''' else 'framing ''raw''' end
        using errcode = 'check_violation', hint = 'Each batch has a connection of its own there.';
    end if;
  end if;
  return new;
end
$$;

comment on function outbox_internal.destination_sound() is 'Trigger function: refuses destination settings that do not go together.';
revoke execute on function outbox_internal.destination_sound() from public;

create or replace trigger destination_sound
  before insert or update of uri, format, framing, ack, options on outbox.destination
  for each row execute function outbox_internal.destination_sound();
