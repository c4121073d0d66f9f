// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the schema outbox offers people: no more and no less than is documented. */
final class ContractTest {

  /**
   * The routines of the schema, each with its arguments' names, and a type where two have one name.
   */
  private static final String ROUTINES =
      """
      select p.proname || '(' || coalesce(string_agg(
          a.name || case when a.name in ('payload', 'message_id') and p.twins > 1
            then ' ' || format_type(a.type, null) else '' end,
          ', ' order by a.position), '') || ')'
      from (
        select p.*, count(*) over (partition by p.proname) as twins
        from pg_proc p where p.pronamespace = 'outbox'::regnamespace
      ) p
      left join lateral unnest(p.proargnames::text[], p.proargtypes::oid[])
        with ordinality as a(name, type, position) on a.position <= p.pronargs
      group by p.oid, p.proname order by 1
      """;

  /** Names and arguments without their types, so that the list can be read. */
  private static final String CONTRACT =
      """
      adopt()
      backfill(source, destination, condition)
      backfill_in_steps(source, destination, condition, rest, patience)
      cancel_replay(replay)
      capture(source, destination, key, operations, columns, except_columns, condition, include_old, skip_unchanged, fires, notify)
      capture_call(source, destination)
      capture_delete()
      capture_insert()
      capture_row()
      capture_truncate()
      capture_update()
      copied()
      discard(message_id bigint)
      discard(message_id text)
      discard_failed(destination, error_like, since, up_to, failed_since)
      doctor(old_after, dead_rows)
      erase(source, key)
      expire(up_to)
      explain(message_id bigint)
      explain(message_id text)
      grant_roles()
      hold_key(destination, key, source, reason)
      measure()
      mend_ids()
      owed_bytes(destination)
      pause(destination)
      publish(destination, payload json, key, type, headers, deliver_at, serialize, expire_at)
      publish(destination, payload jsonb, key, type, headers, deliver_at, serialize, expire_at)
      publish(destination, payload text, key, type, headers, deliver_at, serialize, expire_at)
      register_captures()
      release(source, destination)
      release_all()
      release_key(destination, key, source)
      replay(destination, to_destination, tables, keys, since, until, condition, rate)
      requeue(message_id bigint)
      requeue(message_id text)
      requeue_failed(destination, error_like, since, up_to, failed_since)
      resume(destination)
      shed(destination, up_to, reason)
      start_capturing(destination)
      start_seeding(seeders)
      stop_capturing(destination, reason)
      stop_seeding()
      system_identifier()
      tidy()
      wake(destination)
      wire_id(message_id, created_at)
      """;

  @Test
  void schemaOutbox_hasTheRoutinesOfTheContractAlone() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      assertEquals(CONTRACT, String.join("\n", db.query(ROUTINES)) + "\n");
    }
  }

  @Test
  void schemaOutbox_hasNoTypeOfItsOwn() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      assertEquals(
          List.of(),
          db.query(
              "select t.typname from pg_type t left join pg_class c on c.oid = t.typrelid"
                  + " where t.typnamespace = 'outbox'::regnamespace and t.typelem = 0"
                  + " and coalesce(c.relkind, 'c') = 'c'"));
    }
  }

  /** A trigger that is left behind would fail each write of the application. */
  @Test
  void schemaOutbox_droppedAlone_leavesNoTriggerOnCapturedTables() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('crm', 'tcp://localhost:9000')",
          "create table t (id int primary key)",
          "create table p (id int primary key) partition by range (id)",
          "create table p1 partition of p default",
          "select outbox.capture('t', 'crm', operations => '{insert,update,delete,truncate}')",
          "select outbox.capture('p', 'crm')",
          "drop schema outbox cascade",
          "insert into t values (1)",
          "update t set id = 2",
          "delete from t",
          "truncate t",
          "insert into p values (1)");
      assertEquals(0, db.count("select count(*) from pg_trigger where not tgisinternal"));
      // The rest of the uninstallation.
      db.execute("drop schema outbox_internal cascade");
    }
  }
}
