// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Pooler;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PoolerCheckTest {

  private static Login login(String url, TestDatabase db) {
    return Login.of(url, db.user(), db.password());
  }

  @Test
  void server_reachedDirectly_isNotTakenForAPooler() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      assertEquals(PoolerCheck.Kind.NONE, PoolerCheck.look(login(db.url(), db)));
    }
  }

  @Test
  void pooler_inEachMode_isToldFromTheOthers() throws Exception {
    assumeTrue(Pooler.isInstalled(), "no pgbouncer here");
    try (TestDatabase db = TestDatabase.createEmpty()) {
      for (String mode : List.of("session", "transaction", "statement")) {
        for (String roundRobin : List.of("0", "1")) {
          try (Pooler pooler =
                  Pooler.before(db, "pool_mode = " + mode, "server_round_robin = " + roundRobin);
              Connection one = login(pooler.url(), db).open();
              Connection two = login(pooler.url(), db).open()) {
            if (!mode.equals("statement")) {
              // Several idle processes in the pool.
              one.setAutoCommit(false);
              two.setAutoCommit(false);
              one.createStatement().execute("select 1");
              two.createStatement().execute("select 1");
              one.commit();
              two.commit();
            }
            assertEquals(
                mode.equals("session") ? PoolerCheck.Kind.SESSION : PoolerCheck.Kind.TRANSACTION,
                PoolerCheck.look(login(pooler.url(), db)),
                mode + " " + roundRobin);
          }
        }
      }
    }
  }

  /** The number that a pooler announces may be negative. */
  @Test
  void listenSession_throughAPoolerInSessionMode_hearsItsBell() throws Exception {
    assumeTrue(Pooler.isInstalled(), "no pgbouncer here");
    try (TestDatabase db = TestDatabase.createEmpty();
        Pooler pooler = Pooler.before(db, "pool_mode = session")) {
      for (int i = 0; i < 12; i++) {
        try (ListenSession session = JdbcListenSession.open(login(pooler.url(), db).open())) {
          db.execute("notify " + session.selfTestChannel());
          assertEquals(ListenSession.Kind.SELF_TEST, session.await(5000).get(0).kind());
        }
      }
    }
  }
}
