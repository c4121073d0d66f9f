// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DatabaseGateTest {

  private static DatabaseGate gate(TestDatabase db) {
    DatabaseAccess access = DatabaseAccess.of(db.url(), db.user(), db.password());
    return new DatabaseGate(access, pause -> false, (reason, refused) -> {});
  }

  private static int refusal(TestDatabase db) {
    UserError refused = assertThrows(UserError.class, () -> gate(db).schemaIsCurrent());
    assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
    return refused.exitCode();
  }

  @Test
  void schema_current_passes() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      assertTrue(gate(db).schemaIsCurrent());
    }
  }

  @Test
  void schema_missing_isExitCode4() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      assertEquals(ExitCode.SCHEMA_MISSING, refusal(db));
    }
  }

  @Test
  void schema_older_isExitCode5() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      db.execute(
          "delete from outbox.flyway_schema_history where version ="
              + " (select max(version) from outbox.flyway_schema_history)");
      assertEquals(ExitCode.SCHEMA_OLDER, refusal(db));
    }
  }

  @Test
  void schema_newer_isExitCode6() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      db.execute(
          "insert into outbox.flyway_schema_history select 10000, '999', 'later', 'SQL',"
              + " 'V999__later.sql', 1, installed_by, now(), 1, true"
              + " from outbox.flyway_schema_history limit 1");
      assertEquals(ExitCode.SCHEMA_NEWER, refusal(db));
    }
  }

  @Test
  void server_absent_isTriedAgainWithGrowingPauses() throws Exception {
    List<Duration> pauses = new ArrayList<>();
    DatabaseAccess access = DatabaseAccess.of("jdbc:postgresql://localhost:1/x", "u", "");
    DatabaseGate gate =
        new DatabaseGate(
            access,
            pause -> {
              pauses.add(pause);
              return pauses.size() < 7;
            },
            (reason, refused) -> {});
    assertFalse(gate.schemaIsCurrent());
    assertEquals(
        List.of(500L, 1000L, 2000L, 4000L, 8000L, 15000L, 15000L),
        pauses.stream().map(Duration::toMillis).toList());
  }
}
