// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outboxrelay.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MigratorTest {

  @Test
  void migrate_onceApplied_findsNothingToDo() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      Migrator migrator = new Migrator(db.url(), db.user(), db.password());
      assertFalse(migrator.migrate().isEmpty());
      assertEquals(List.of(), migrator.migrate());
      assertEquals(0, migrator.pending());
      assertEquals(
          1,
          db.count(
              "select count(*) from pg_tables where tablename = 'pending' and schemaname = 'outbox'"));
    }
  }
}
