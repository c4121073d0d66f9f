// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MigrateCommandTest {

  private static CommandRun migrate(TestDatabase db, String... more) {
    return CommandRun.of(variables(db, db.user()), append("migrate", more));
  }

  private static String[] append(String first, String... more) {
    String[] all = new String[more.length + 1];
    all[0] = first;
    System.arraycopy(more, 0, all, 1, more.length);
    return all;
  }

  private static Map<String, String> variables(TestDatabase db, String user) {
    return Map.of(
        "OUTBOX_RELAY_DATABASE_URL", db.url(),
        "OUTBOX_RELAY_DATABASE_USER", user,
        "OUTBOX_RELAY_DATABASE_PASSWORD", db.password());
  }

  @Test
  void database_empty_isMigratedAndThenUpToDate() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      CommandRun first = migrate(db);
      assertEquals(ExitCode.OK, first.exitCode(), first.err());
      assertTrue(first.out().contains("applied V1 tables"), first.out());

      CommandRun second = migrate(db);
      assertEquals(ExitCode.OK, second.exitCode(), second.err());
      assertTrue(second.out().startsWith("nothing to do"), second.out());
    }
  }

  @Test
  void user_unknown_isOneLineAndExitCode8() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      CommandRun run = CommandRun.of(variables(db, "nobody_of_this_name"), "migrate");
      assertEquals(ExitCode.REFUSED, run.exitCode(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains("nobody_of_this_name"), run.err());
      assertTrue(run.err().contains("--database-user"), run.err());
    }
  }

  @Test
  void database_unknown_isOneLineAndExitCode8() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      CommandRun run =
          migrate(db, "--database-url", db.url().replace(db.name(), "no_such_database"));
      assertEquals(ExitCode.REFUSED, run.exitCode(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains("no_such_database"), run.err());
    }
  }

  @Test
  void server_absent_isWaitedForAndThenExitCode7() {
    CommandRun run =
        CommandRun.of(
            Map.of(),
            "migrate",
            "--database-url=jdbc:postgresql://localhost:1/shop?user=u&password=secret",
            "--wait=100ms");
    assertEquals(ExitCode.UNREACHABLE, run.exitCode(), run.err());
    assertTrue(run.err().contains("localhost:1/shop"), run.err());
    assertFalse(run.err().contains("secret"), run.err());
  }

  /** Made by hand before, as some owners want it. */
  @Test
  void schema_thereAndEmpty_isMigrated() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      db.execute("create schema outbox", "create schema outbox_internal");
      CommandRun run = migrate(db);
      assertEquals(ExitCode.OK, run.exitCode(), run.err());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create function outbox_internal.f() returns int language sql as 'select 1'",
        "create table outbox_internal.t (id int)",
        "create type outbox_internal.e as enum ('a')"
      })
  void internalSchema_leftOverOrSomebodyElses_isRefusedWithTheWayOut(String statement)
      throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      db.execute("create schema outbox_internal", statement);
      CommandRun run = migrate(db);
      assertNotEquals(ExitCode.OK, run.exitCode());
      assertTrue(run.err().contains("outbox_internal is there already"), run.err());
      assertTrue(run.err().contains("drop schema outbox_internal cascade"), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
      db.execute("drop schema outbox_internal cascade");
      assertEquals(ExitCode.OK, migrate(db).exitCode());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create table outbox.parcels (id int)",
        "create function outbox.parcels() returns int language sql as 'select 1'",
        "create type outbox.parcels as enum ('a')",
        // With migrations of its own.
        "create table outbox.flyway_schema_history (installed_rank int primary key,"
            + " version varchar(50), description varchar(200) not null, type varchar(20) not null,"
            + " script varchar(1000) not null, checksum int, installed_by varchar(100) not null,"
            + " installed_on timestamp not null default now(), execution_time int not null,"
            + " success boolean not null); create table outbox.parcels (id int);"
            + " insert into outbox.flyway_schema_history values (1, '1', 'parcels', 'SQL',"
            + " 'V1__parcels.sql', 1, 'somebody', now(), 1, true)"
      })
  void schema_thatIsSomebodyElses_isExitCode10WithWhatItHolds(String statement) throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      db.execute("create schema outbox", statement);
      for (String command : List.of("migrate", "run", "doctor")) {
        CommandRun run = CommandRun.of(variables(db, db.user()), command);
        assertEquals(ExitCode.SCHEMA_FOREIGN, run.exitCode(), command + ": " + run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertTrue(run.err().contains("was not made by this program; it holds parcels"), run.err());
        assertFalse(run.err().toLowerCase(Locale.ROOT).contains("baseline"), run.err());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create table outbox.flyway_schema_history (id int)",
        "create view outbox.flyway_schema_history as select 1 as installed_rank",
        "create foreign data wrapper w; create server elsewhere foreign data wrapper w;"
            + " create foreign table outbox.flyway_schema_history (id int) server elsewhere"
      })
  void history_thatIsNoTableOfMigrations_isExitCode10AndNamed(String statement) throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      db.execute("create schema outbox", statement);
      for (String command : List.of("migrate", "run", "doctor")) {
        CommandRun run = CommandRun.of(variables(db, db.user()), command);
        assertEquals(ExitCode.SCHEMA_FOREIGN, run.exitCode(), command + ": " + run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertTrue(run.err().contains("it holds flyway_schema_history"), run.err());
      }
    }
  }

  @Test
  void hostName_thatCannotBeResolved_isNamed() {
    CommandRun run =
        CommandRun.of(
            Map.of(), "migrate", "--database-url=jdbc:postgresql://nohost.invalid/x", "--wait=0s");
    assertEquals(ExitCode.UNREACHABLE, run.exitCode(), run.err());
    assertTrue(run.err().contains("the host name nohost.invalid cannot be resolved"), run.err());
  }
}
