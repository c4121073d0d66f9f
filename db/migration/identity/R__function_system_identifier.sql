-- SPDX-License-Identifier: Apache-2.0
-- outbox.system_identifier: the cluster's identifier, which initdb and pg_upgrade make, and a
-- restart, a standby and its promotion, and a physical copy keep.
--
-- returns: the identifier; null where neither the schema's owner may read it nor the server tells it
create or replace function outbox.system_identifier() returns bigint
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select c.system_identifier from pg_control_system() c);
exception
  when insufficient_privilege or undefined_function or feature_not_supported then
    return null;
end
$$;

comment on function outbox.system_identifier() is
  'The cluster''s identifier, by which a copy is told: pg_control_system().system_identifier. Null where
the schema''s owner may not read it.';
revoke execute on function outbox.system_identifier() from public;
