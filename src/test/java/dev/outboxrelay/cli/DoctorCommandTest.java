package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the command makes of findings; what there is to find is tested beside the function. */
final class DoctorCommandTest {

  private static CommandRun doctor(TestDatabase db) {
    return CommandRun.of(
        Map.of(
            "OUTBOX_RELAY_DATABASE_URL", db.url(),
            "OUTBOX_RELAY_DATABASE_USER", db.user(),
            "OUTBOX_RELAY_DATABASE_PASSWORD", db.password()),
        "doctor");
  }

  /** Lets the function find exactly this. */
  private static void find(TestDatabase db, String rows) throws SQLException {
    db.execute(
        "drop function if exists outbox.doctor()",
        "create function outbox.doctor() returns table (severity text, check_name text,"
            + " object text, finding text, remedy text) language sql as $$ "
            + rows
            + " $$");
  }

  @Test
  void finding_error_isShownWithRemedyAndExitCode1() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      find(
          db,
          "values ('error', 'trigger missing', 'orders', 'is not heard', 'select mend()'),"
              + " ('warning', 'old snapshot', null, 'is old', null)");
      CommandRun run = doctor(db);
      assertEquals(ExitCode.FINDINGS, run.exitCode(), run.err());
      assertEquals(
          "error: trigger missing, orders: is not heard -> select mend()",
          run.out().lines().findFirst().orElse(""));
      assertTrue(run.out().contains("warning: old snapshot: is old"), run.out());
    }
  }

  @Test
  void finding_warningsOnly_isExitCode0() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      find(db, "values ('warning', 'old snapshot', 'a session', 'is old', 'end it')");
      assertEquals(ExitCode.OK, doctor(db).exitCode());
    }
  }

  @Test
  void finding_none_saysSo() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      find(db, "select null, null, null, null, null where false");
      CommandRun run = doctor(db);
      assertEquals(ExitCode.OK, run.exitCode(), run.err());
      assertTrue(run.out().startsWith("nothing found"), run.out());
    }
  }

  @Test
  void server_absent_isExitCode7() {
    CommandRun run =
        CommandRun.of(Map.of(), "doctor", "--database-url=jdbc:postgresql://localhost:1/shop");
    assertEquals(ExitCode.UNREACHABLE, run.exitCode(), run.err());
  }
}
