-- SPDX-License-Identifier: Apache-2.0
-- outbox.copied: whether this database is a copy of the one whose messages these are.
--
-- Told apart: another cluster (dump and restore, pg_upgrade, logical replication) and another
-- database of the same cluster (create database ... template). Not told apart: a physical copy of
-- the cluster, such as a base backup that was started beside the original, since a standby that was
-- promoted looks the same; and a copy made before the first relay came.
--
-- returns: words for a person, null when it is no copy
-- reads:   outbox.identity
create or replace function outbox.copied() returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select format('this database is a copy: its messages are those of database %s of system %s, '
                  'and this is database %s of system %s',
                  i.database, coalesce(i.system_identifier::text, '(unknown)'),
                  d.oid, coalesce(s.identifier::text, '(unknown)'))
    from outbox.identity i
    join pg_database d on d.datname = current_database()
    cross join (select outbox.system_identifier() as identifier) s
    -- What is unknown on either side is taken for the same.
    where d.oid <> i.database or s.identifier <> i.system_identifier);
end
$$;

comment on function outbox.copied() is
  'Why a relay sends nothing here: this database is a copy. Null when it is none.';
revoke execute on function outbox.copied() from public;
