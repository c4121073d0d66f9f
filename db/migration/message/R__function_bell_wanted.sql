-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.bell_wanted: whether writes of this session may ring a doorbell: unless the setting outbox.notify says no.
--
-- No is every way that PostgreSQL spells false, in any case; whatever else the setting holds, nonsense included, is yes.
-- It has no setting of its own, so that PostgreSQL takes it into the expression that calls it: a call would cost each write
-- more than the test. Lower case is that of "C", which takes any bytes; another could fail the write on malformed ones.
--
-- returns: true or false, never null
-- reads:   nothing
create or replace function outbox_internal.bell_wanted() returns boolean
language sql stable
as $$
  select coalesce(
    pg_catalog.lower(pg_catalog.current_setting('outbox.notify', true) collate pg_catalog."C")
      operator(pg_catalog.<>) all ('{off,of,false,fals,fal,fa,f,no,n,0}'::pg_catalog.text[]),
    true)
$$;

comment on function outbox_internal.bell_wanted() is 'Whether writes of this session may ring a doorbell: unless the setting outbox.notify says no.';
revoke execute on function outbox_internal.bell_wanted() from public;
