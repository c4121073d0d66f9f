// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.relay.RelayConfig;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.testing.Pooler;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the commands say through a connection pooler. */
final class PoolerTest {

  private static CommandRun through(Pooler pooler, TestDatabase db, String command) {
    return CommandRun.of(
        Map.of(
            "OUTBOX_RELAY_DATABASE_URL", pooler.url(),
            "OUTBOX_RELAY_DATABASE_USER", db.user(),
            "OUTBOX_RELAY_DATABASE_PASSWORD", db.password()),
        command);
  }

  @Test
  void transactionMode_isNamedByTheDoctorAndRefusedByWhatNeedsSessions() throws Exception {
    assumeTrue(Pooler.isInstalled(), "no pgbouncer here");
    try (TestDatabase db = TestDatabase.create();
        Pooler pooler = Pooler.before(db, "pool_mode = transaction")) {
      CommandRun doctor = through(pooler, db, "doctor");
      assertEquals(ExitCode.FINDINGS, doctor.exitCode(), doctor.err());
      assertEquals(1, doctor.out().lines().count(), doctor.out());
      assertTrue(doctor.out().startsWith("error: transaction pooler, "), doctor.out());
      assertTrue(doctor.out().contains(" -> Give --database-url "), doctor.out());
      for (String command : List.of("run", "migrate")) {
        CommandRun run = through(pooler, db, command);
        assertEquals(ExitCode.USAGE, run.exitCode(), run.err());
        assertTrue(run.err().contains("a pool in session mode"), run.err());
      }
    }
  }

  @Test
  void sessionMode_isNoFinding() throws Exception {
    assumeTrue(Pooler.isInstalled(), "no pgbouncer here");
    try (TestDatabase db = TestDatabase.create();
        Pooler pooler = Pooler.before(db, "pool_mode = session")) {
      CommandRun doctor = through(pooler, db, "doctor");
      assertTrue(doctor.out().startsWith("nothing found"), doctor.out() + doctor.err());
      assertEquals(ExitCode.OK, doctor.exitCode());
      CommandRun migrate = through(pooler, db, "migrate");
      assertEquals(ExitCode.OK, migrate.exitCode(), migrate.err());
    }
  }

  /** Each session of a term is asked for the server that it is on, which no pooler changes. */
  @Test
  void sessionMode_relayThroughIt_delivers() throws Exception {
    assumeTrue(Pooler.isInstalled(), "no pgbouncer here");
    try (TestDatabase db = TestDatabase.create();
        ScriptedReceiver receiver = ScriptedReceiver.start();
        Pooler pooler = Pooler.before(db, "pool_mode = session")) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')",
          "select outbox.publish('d', '{}')");
      DatabaseSettings settings =
          new DatabaseSettings(
              pooler.url(),
              db.user(),
              db.password(),
              3,
              Duration.ofSeconds(5),
              Duration.ofSeconds(10));
      try (RunningRelay relay =
          RunningRelay.start(RelayConfig.defaults(settings, "test"), RelayEvents.NONE)) {
        receiver.awaitLines(1, Duration.ofSeconds(30));
      }
    }
  }
}
