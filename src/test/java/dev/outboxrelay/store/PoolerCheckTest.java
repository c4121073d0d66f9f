package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outboxrelay.testing.TestDatabase;
import org.junit.jupiter.api.Test;

final class PoolerCheckTest {

  @Test
  void server_reachedDirectly_isNotTakenForAPooler() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      assertFalse(PoolerCheck.isBehindPooler(db.url(), db.user(), db.password()));
    }
  }
}
