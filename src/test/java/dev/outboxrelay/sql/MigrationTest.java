// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.embedded.EmbeddedServer;
import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.testing.TestServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The migrations as users apply them: without rights, side by side, beside other migrations. */
final class MigrationTest {

  private static void user(TestDatabase db, String name) throws SQLException {
    db.execute(
        "do $$ begin if to_regrole('"
            + name
            + "') is null then create role "
            + name
            + " login password 'secret'; end if; end $$",
        "alter database " + db.name() + " owner to " + name);
  }

  @Test
  void migrate_asOwnerWithoutFurtherRights_worksFromCaptureToRequeue() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      user(db, "plain_owner");
      Migrator migrator = new Migrator(db.url(), "plain_owner", "secret");
      assertFalse(migrator.migrate().isEmpty());
      assertEquals(List.of(), migrator.migrate());
      try (Connection c = DriverManager.getConnection(db.url(), "plain_owner", "secret")) {
        Outbox.run(
            c,
            "create schema app",
            "create table app.t (id int primary key)",
            "insert into outbox.destination (name, uri) values ('crm', 'tcp://h:1')",
            "select outbox.capture('app.t', 'crm')",
            "insert into app.t values (1)",
            "update outbox.message set state = 'failed'",
            "select outbox.requeue_failed()",
            "select outbox.release('app.t')",
            "select * from outbox.status");
        assertEquals(List.of("pending"), Outbox.column(c, "select state from outbox.message"));
      }
    }
  }

  /** Databases of legacy applications are not all in UTF-8. */
  @Test
  void migrate_inADatabaseOfAnotherEncoding_works() throws Exception {
    TestServer server = TestServer.shared();
    try (Connection admin = server.connect("postgres")) {
      Outbox.run(admin, "drop database if exists latin");
      Outbox.run(
          admin,
          "create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0");
      new Migrator(server.url("latin"), server.user(), server.password()).migrate();
      try (Connection c = server.connect("latin")) {
        Outbox.run(
            c,
            "insert into outbox.destination (name, uri) values ('crm', 'tcp://h:1')",
            "create table t (v text primary key, j json)",
            "select outbox.capture('t', 'crm', except_columns => '{}')",
            "insert into t values ('\u00e4', '{\"euro\":\"\\u20ac\"}')");
        assertEquals(
            List.of("\u00e4 {\"v\":\"\u00e4\",\"j\":{\"euro\":\"\\u20ac\"}}"),
            Outbox.column(c, "select key || ' ' || new_row from outbox.message"));
      }
      Outbox.run(admin, "drop database latin");
    }
  }

  /** On a server of its own, since roles belong to the whole server. */
  @Test
  void migrate_whereRolesMayNotBeMade_saysSoAndGoesOn() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(Map.of())) {
      String url = server.url("managed");
      try (Connection c = DriverManager.getConnection(server.url("postgres"), server.user(), "")) {
        Outbox.run(
            c,
            "create role plain_owner login password 'secret'",
            "create database managed owner plain_owner");
      }
      new Migrator(url, "plain_owner", "secret").migrate();
      try (Connection owner = DriverManager.getConnection(url, "plain_owner", "secret");
          Statement s = owner.createStatement()) {
        assertEquals(
            List.of("0"),
            Outbox.column(owner, "select count(*) from pg_roles where rolname like 'outbox%'"));
        s.execute("select outbox.grant_roles()");
        String warning = String.valueOf(s.getWarnings());
        assertTrue(warning.contains("plain_owner may not create roles"), warning);
        assertTrue(warning.contains("create role outbox_relay nologin;"), warning);

        try (Connection administrator = DriverManager.getConnection(url, server.user(), "")) {
          Outbox.run(
              administrator,
              "create role outbox_relay nologin",
              "create role outbox_operator nologin",
              "create role outbox_publisher nologin");
        }
        Outbox.run(owner, "select outbox.grant_roles()");
        assertEquals(
            List.of("t"),
            Outbox.column(
                owner, "select has_table_privilege('outbox_relay', 'outbox.pending', 'delete')"));
      }
    }
  }

  @Test
  void migrate_ofSeveralDatabasesAtOnce_givesEachItsGrants() throws Exception {
    int databases = 4;
    List<TestDatabase> all = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(databases);
    try {
      for (int i = 0; i < databases; i++) {
        all.add(TestDatabase.createEmpty());
      }
      // Two migrators a database: one applies, the other finds nothing to do.
      List<Future<List<String>>> runs = new ArrayList<>();
      for (TestDatabase db : all) {
        for (int i = 0; i < 2; i++) {
          runs.add(
              threads.submit(() -> new Migrator(db.url(), db.user(), db.password()).migrate()));
        }
      }
      for (Future<List<String>> run : runs) {
        run.get();
      }
      for (TestDatabase db : all) {
        assertEquals(
            List.of("t"),
            db.query(
                "select bool_and(has_schema_privilege(r, 'outbox', 'usage'))"
                    + " from unnest('{outbox_relay,outbox_operator,outbox_publisher}'::text[]) r"));
      }
    } finally {
      threads.shutdownNow();
      for (TestDatabase db : all) {
        db.close();
      }
    }
  }

  /** A function of a release may call one that the release before did not have. */
  @Test
  void migrate_toARelease_whileAnApplicationWrites_failsNoWrite() throws Exception {
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (TestDatabase db = TestDatabase.create();
        Connection writer = db.connect()) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('crm', 'tcp://h:1')",
          "create table t (id int primary key) partition by range (id)",
          "create table t1 partition of t default",
          "select outbox.capture('t', 'crm')",
          // The release before did all the work in the trigger function.
          "create or replace function outbox.capture_row() returns trigger language plpgsql"
              + " as $$ begin return null; end $$",
          "drop function outbox_internal.write_change",
          "update outbox.flyway_schema_history set checksum = 0 where version is null");
      AtomicBoolean migrated = new AtomicBoolean();
      Future<Integer> writes =
          threads.submit(
              () -> {
                int count = 0;
                while (!migrated.get() || count == 0) {
                  Outbox.run(writer, "insert into t values (" + ++count + ")");
                }
                return count;
              });
      try {
        assertFalse(new Migrator(db.url(), db.user(), db.password()).migrate().isEmpty());
      } finally {
        migrated.set(true);
      }
      assertTrue(writes.get() > 0);
      Outbox.run(writer, "insert into t values (0)");
      assertEquals(1, db.count("select count(*) from outbox.message where key = '0'"));
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void migrate_besideTheApplicationsFlyway_keepsAHistoryOfItsOwn() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      db.execute(
          "create table public.flyway_schema_history (installed_rank int)",
          "create table public.orders (id int)");
      new Migrator(db.url(), db.user(), db.password()).migrate();
      assertEquals(0, db.count("select count(*) from public.flyway_schema_history"));
      assertEquals(
          List.of("outbox", "outbox_internal"),
          db.query(
              "select distinct n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
                  + " where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'public') order by 1"));
    }
  }

  @Test
  void everything_isDescribedAndNothingIsPublic() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      assertEquals(
          List.of(),
          db.query(
              "select p.oid::regprocedure::text from pg_proc p where p.pronamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace)"
                  + " and (obj_description(p.oid, 'pg_proc') is null"
                  + " or has_function_privilege('pg_monitor', p.oid, 'execute'))"));
      assertEquals(
          List.of(),
          db.query(
              "select p.oid::regprocedure::text from pg_proc p where p.pronamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace)"
                  + " and p.prosecdef and not 'search_path=pg_catalog, pg_temp' = any (p.proconfig)"));
      assertEquals(
          List.of(),
          db.query(
              "select c.relname from pg_class c where c.relnamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace) and c.relkind in ('r', 'v')"
                  + " and obj_description(c.oid, 'pg_class') is null and c.relname <> 'flyway_schema_history'"));
      assertEquals(
          List.of(),
          db.query(
              "select c.oid::regclass || '.' || a.attname from pg_class c"
                  + " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
                  + " and not a.attisdropped"
                  + " where (c.relnamespace = 'outbox'::regnamespace and c.relkind in ('r', 'v')"
                  + " or c.relnamespace = 'outbox_internal'::regnamespace and c.relkind = 'c')"
                  + " and c.relname <> 'flyway_schema_history'"
                  + " and col_description(c.oid, a.attnum) is null"));
      assertEquals(
          List.of(),
          db.query(
              "select t.oid::regtype::text from pg_type t join pg_class c on c.oid = t.typrelid"
                  + " where t.typnamespace in ('outbox'::regnamespace,"
                  + " 'outbox_internal'::regnamespace) and c.relkind = 'c'"
                  + " and obj_description(t.oid, 'pg_type') is null"));
      assertEquals(
          List.of(),
          db.query(
              "select n.name from unnest('{outbox,outbox_internal}'::text[]) as n(name)"
                  + " where obj_description(to_regnamespace(n.name), 'pg_namespace') is null"));
    }
  }

  /** A function's comment names each of its arguments; psql shows it with backslash df+. */
  @Test
  void everyArgumentOfAPublicRoutine_isDescribed() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      assertEquals(
          List.of(),
          db.query(
              "select p.proname || ': ' || a.name from pg_proc p"
                  + " cross join lateral unnest(p.proargnames) with ordinality a(name, position)"
                  + " where p.pronamespace = 'outbox'::regnamespace and a.position <= p.pronargs"
                  + " and obj_description(p.oid, 'pg_proc') !~ ('\\m' || a.name || '\\M')"));
    }
  }
}
