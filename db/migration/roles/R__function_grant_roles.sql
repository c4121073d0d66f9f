-- SPDX-License-Identifier: Apache-2.0
-- outbox.grant_roles: makes the roles outbox_relay, outbox_operator and outbox_publisher, and grants each the least it needs.
--
-- Roles belong to the whole cluster: another database may have made them already, or be making them now. A user who may
-- not make roles gets a warning that says what to do; whoever owns the schema calls this again once they are there.
--
-- returns: nothing
-- writes:  pg_authid, grants on the schemas outbox and outbox_internal
create or replace function outbox.grant_roles() returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  role_name text;
  missing text[] := '{}';
  called record;
begin
  foreach role_name in array array['outbox_relay', 'outbox_operator', 'outbox_publisher'] loop
    continue when exists (select from pg_roles r where r.rolname = role_name);
    begin
      execute format('create role %I nologin', role_name);
    exception
      when duplicate_object or unique_violation then
        null; -- another database made it in this moment
      when insufficient_privilege then
        missing := missing || role_name;
    end;
  end loop;
  if cardinality(missing) > 0 then
    -- All in the message: not every client shows a hint.
    raise warning 'roles % were not made, because % may not create roles. Ask a user who may: % Then as %: select outbox.grant_roles();',
      array_to_string(missing, ', '), current_user,
      (select string_agg(format('create role %I nologin;', m.name), ' ') from unnest(missing) as m(name)), current_user;
  end if;

  if to_regrole('outbox_relay') is not null then
    grant usage on schema outbox, outbox_internal to outbox_relay;
    grant select on outbox.identity, outbox.destination, outbox.destination_state, outbox.held_key, outbox.destination_number, outbox.source,
      outbox.pending, outbox.parked, outbox.message, outbox.status, outbox.relay_locks, outbox.owed, outbox.expired, outbox.shed_record, outbox.capture_list, outbox_internal.capture_detail, outbox.doctor to outbox_relay;
    -- What the console shows by the relay's login; nothing that the tables above do not hold.
    grant select on outbox.failed, outbox.replay_progress to outbox_relay;
    grant execute on function outbox.explain(text), outbox.explain(bigint),
      outbox_internal.known_message(text), outbox_internal.id_sequence() to outbox_relay;
    -- Not the insert into pending: with ids of its own choice it could make captured writes fail.
    grant delete, update (xid, tx) on outbox.pending to outbox_relay;
    grant insert, delete, update (state, attempts, last_error, due_at, delivered_at, failed_at, first_failed_at, xid, tx)
      on outbox.parked to outbox_relay;
    grant insert, update on outbox.destination_state to outbox_relay;
    grant execute on function outbox.copied(), outbox_internal.claim(), outbox.adopt(), outbox_internal.ids_behind(), outbox.mend_ids(), outbox.measure(), outbox.expire(integer), outbox.owed_bytes(text),
      outbox.system_identifier(), outbox_internal.doctor_rights(), outbox_internal.doctor_captures(),
      outbox_internal.doctor_deliveries(), outbox_internal.doctor_server(interval, bigint), outbox_internal.doctor_history(), outbox.wire_id(bigint, timestamptz), outbox_internal.ring(text, integer), outbox_internal.bell_wanted(), outbox_internal.trigger_arguments(bytea), outbox_internal.trigger_condition(oid), outbox.doctor(interval, bigint), outbox_internal.needs_row_trigger(regclass, boolean, smallint[]),
      outbox_internal.captured_columns(oid, oid, text[], smallint[]), outbox_internal.detaching_from(oid, oid), outbox_internal.columns_certain(regclass, text[], text[], smallint[]), outbox_internal.untrusted_casts(regclass), outbox.capture_call(regclass, text), outbox_internal.present_condition(regclass, text), outbox_internal.settings_of(text[]), outbox.register_captures(), outbox_internal.let_go(text, integer), outbox_internal.pause_for(text, bigint, text, bigint) to outbox_relay;
    if to_regclass('outbox.flyway_schema_history') is not null then
      grant select on outbox.flyway_schema_history to outbox_relay;
    end if;
  end if;

  if to_regrole('outbox_operator') is not null then
    grant usage on schema outbox, outbox_internal to outbox_operator;
    grant select on all tables in schema outbox, outbox_internal to outbox_operator;
    grant insert, update, delete on outbox.destination to outbox_operator;
    -- Messages are made by outbox.publish: with ids of his own choice he could make the application's writes fail.
    revoke insert on outbox.message from outbox_operator;
    grant delete, update (state) on outbox.message to outbox_operator;
    -- Not the backfill: it runs a condition with its caller's rights, and who may write that must not run as somebody else.
    for called in
      select p.oid::regprocedure as signature, p.prokind
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ('outbox', 'outbox_internal') and p.proname <> 'grant_roles' and p.proname not like 'backfill%'
    loop
      execute format('grant execute on routine %s to outbox_operator', called.signature);
    end loop;
  end if;

  if to_regrole('outbox_publisher') is not null then
    grant usage on schema outbox to outbox_publisher;
    grant execute on function outbox.publish(text, json, text, text, json, timestamptz, boolean, timestamptz),
      outbox.publish(text, jsonb, text, text, json, timestamptz, boolean, timestamptz),
      outbox.publish(text, text, text, text, json, timestamptz, boolean, timestamptz) to outbox_publisher;
  end if;
end
$$;

comment on function outbox.grant_roles() is
  'Makes the roles outbox_relay, outbox_operator and outbox_publisher where the caller may, and grants
each the least it needs. Warns where it may not make them, with the statements for who may.';
revoke execute on function outbox.grant_roles() from public;
