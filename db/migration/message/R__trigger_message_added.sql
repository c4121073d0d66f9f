-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.message_added: an INSERT into outbox.message: for tests, and for who brings messages along.
--
-- Captured writes and outbox.publish do not come here. Nobody but the schema's owner has the right:
-- who chooses ids can make the application's writes fail. The doorbell is rung, as by any writer; of
-- a time at which something is due the relay is told besides.
--
-- reads:  outbox.destination
-- writes: outbox.pending, outbox.parked
create or replace function outbox_internal.message_added() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  its_number integer;
  source integer := 0;
  letter constant "char" := case new.op when 'insert' then 'i' when 'update' then 'u'
    when 'delete' then 'd' when 'truncate' then 't' when 'read' then 'r' when 'message' then 'm' end;
begin
  if new.destination is null or new.op is null then
    raise exception 'destination and op must not be null' using errcode = 'not_null_violation';
  end if;
  if letter is null then
    raise exception 'there is no op %', quote_literal(new.op)
      using errcode = 'check_violation',
            hint = 'They are insert, update, delete, truncate, read and message.';
  end if;
  its_number := outbox_internal.destination_number(new.destination);
  if new.source_table is not null then
    source := outbox_internal.source_number(coalesce(new.source_schema, ''), new.source_table);
  end if;
  new.id := coalesce(new.id, nextval('outbox.pending_id_seq'));
  new.xid := coalesce(new.xid, pg_current_xact_id());
  new.created_at := coalesce(new.created_at, clock_timestamp());
  new.attempts := coalesce(new.attempts, 0);
  new.state := coalesce(new.state, 'pending');
  if new.state = 'failed' then
    new.failed_at := coalesce(new.failed_at, clock_timestamp());
  end if;

  if new.state = 'pending' and new.due_at is null then
    insert into outbox.pending (
      id, xid, created_at, destination, source, op, key, new_row, old_row, type, headers, expires_at)
    values (new.id, new.xid, new.created_at, its_number, source, letter, new.key, new.new_row,
      new.old_row, new.type, new.headers, new.expires_at);
  else
    insert into outbox.parked (
      id, xid, created_at, destination, source, op, key, new_row, old_row, type, headers, state,
      attempts, due_at, delivered_at, last_error, failed_at, first_failed_at,
      expires_at)
    values (new.id, new.xid, new.created_at, its_number, source, letter, new.key, new.new_row,
      new.old_row, new.type, new.headers, new.state, new.attempts, new.due_at, new.delivered_at,
      new.last_error, new.failed_at, coalesce(new.first_failed_at, new.failed_at),
      new.expires_at);
  end if;
  if new.state in ('pending', 'retry') then
    perform outbox_internal.ring(d.name, d.doorbell) from outbox.destination d where d.number = its_number;
    if new.due_at is not null and outbox_internal.bell_wanted() then
      perform pg_notify('outbox_control', new.destination);
    end if;
  end if;
  return new;
end
$$;

comment on function outbox_internal.message_added() is 'Trigger function: a message is brought along.';
revoke execute on function outbox_internal.message_added() from public;

create or replace trigger message_added
  instead of insert on outbox.message
  for each row execute function outbox_internal.message_added();
