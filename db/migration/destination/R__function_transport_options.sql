-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.transport_options: which options a destination may have, by the scheme of its uri.
--
-- The relay's transports declare the same; a test compares them.
--
-- returns: scheme, option, type: text | number LEAST MOST | choice A B | secret | secrets | headers
-- reads:   nothing
create or replace function outbox_internal.transport_options() returns table (scheme text, option text, type text)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select s.scheme, o.option, o.type
  from (values
    ('{tcp,tls,http,https}'::text[], 'idle_timeout_ms', 'number 1 86400000'),
    ('{tcp,tls,http,https,kafka,tls+kafka,nats,tls+nats,amqp,amqps}', 'tls_ca', 'text'),
    ('{tcp,tls,http,https,kafka,tls+kafka,nats,tls+nats,amqp,amqps}', 'tls_cert', 'text'),
    ('{tcp,tls,http,https,kafka,tls+kafka,nats,tls+nats,amqp,amqps}', 'tls_key', 'text'),
    ('{tcp,tls,http,https,kafka,tls+kafka,nats,tls+nats,amqp,amqps}', 'tls_server_name', 'text'),
    ('{http,https}', 'connections', 'number 1 64'),
    ('{http,https}', 'batch', 'number 1 1000'),
    ('{http,https,kafka,tls+kafka,nats,tls+nats}', 'cloudevents_mode', 'choice structured binary'),
    ('{http,https}', 'headers', 'headers'),
    ('{http,https}', 'signing_secret', 'secrets'),
    ('{kafka,tls+kafka,nats,tls+nats,amqp,amqps}', 'user', 'text'),
    ('{kafka,tls+kafka,nats,tls+nats,amqp,amqps}', 'password', 'secret'),
    ('{kafka,tls+kafka}', 'sasl_mechanism', 'choice SCRAM-SHA-512 SCRAM-SHA-256 PLAIN'),
    ('{kafka,tls+kafka}', 'compression', 'choice none gzip snappy lz4 zstd'),
    ('{nats,tls+nats}', 'token', 'secret'),
    ('{nats,tls+nats}', 'credentials', 'secret'),
    ('{amqp,amqps}', 'exchange', 'text'),
    ('{amqp,amqps}', 'routing_key', 'text')
  ) as o(schemes, option, type)
  cross join lateral unnest(o.schemes) as s(scheme)
$$;

comment on function outbox_internal.transport_options() is
  'Which options a destination may have, by the scheme of its uri.';
revoke execute on function outbox_internal.transport_options() from public;
