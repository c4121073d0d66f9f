-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.id_sequence: the sequence that message ids are drawn from.
--
-- returns: the sequence
-- reads:   the catalog
create or replace function outbox_internal.id_sequence() returns regclass
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return pg_get_serial_sequence('outbox.pending', 'id');
end
$$;

comment on function outbox_internal.id_sequence() is 'The sequence that message ids are drawn from.';
revoke execute on function outbox_internal.id_sequence() from public;
