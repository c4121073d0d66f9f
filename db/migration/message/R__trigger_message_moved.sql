-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.message_moved: a pending message whose id or transaction is changed by hand is new to the
-- relay.
--
-- A relay does not look again where it has been: its marks say that nothing is owed there. So the
-- message gets the id of this transaction, which is among what the relay has not seen; then the
-- doorbell is rung as by any writer. A message that is moved to another destination comes here by
-- outbox_internal.message_changed as a new row.
--
-- Rows that were put into the table with transaction ids of long ago, from a dump, are made known by
-- it: update outbox.pending set xid = default where ....
--
-- reads: outbox.destination, outbox.destination_number
create or replace function outbox_internal.message_moved() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.tx := coalesce(new.tx, old.tx, old.xid);
  new.xid := pg_current_xact_id();
  perform pg_notify('outbox_control', n.name)
  from outbox.destination_number n where n.number = new.destination;
  perform outbox_internal.ring(d.name, d.doorbell) from outbox.destination d where d.number = new.destination;
  return new;
end
$$;

comment on function outbox_internal.message_moved() is 'Trigger function: makes a pending message that is changed by hand new to the relay.';
revoke execute on function outbox_internal.message_moved() from public;

create or replace trigger message_moved
  before update of id, xid, destination on outbox.pending
  for each row when (
    (new.id <> old.id or new.xid <> old.xid or new.destination <> old.destination)
    and pg_catalog.current_setting('outbox.relay', true) is distinct from 'on')
  execute function outbox_internal.message_moved();
