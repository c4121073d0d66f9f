package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ForcedBellTest {
  private static final String WOULD_RING =
      "select not pg_try_advisory_xact_lock_shared(7021001, doorbell) from outbox.destination";
  private static final String QUEUED =
      "select count(*) from pg_locks where classid = 7021001 and mode = 'ExclusiveLock'"
          + " and database = (select oid from pg_database where datname = current_database())";

  private static boolean wouldRing(BenchDatabase database) throws Exception {
    return database.text(WOULD_RING).equals("t");
  }

  private static void awaitLocks(BenchDatabase database, long count) throws Exception {
    Patience patience = new Patience(Duration.ofSeconds(30));
    while (database.number(QUEUED) != count) {
      patience.await(0, "no " + count + " locks");
    }
  }

  @Test
  void bell_open_makesEveryWriterRingUntilItIsClosed() throws Exception {
    TestServer server = TestServer.shared();
    try (BenchServer given =
            BenchServer.given(server.url("postgres"), server.user(), server.password());
        BenchDatabase database = BenchDatabase.create(given, "outbox_relay_bench_bell")) {
      Backlog.create(database, "tcp://127.0.0.1:1", 1);
      assertFalse(wouldRing(database));
      try (ForcedBell bell = ForcedBell.open(database, "d1")) {
        awaitLocks(database, 1);
        assertTrue(wouldRing(database), bell.toString());
      }
      awaitLocks(database, 0);
      assertFalse(wouldRing(database));
    }
  }

  @Test
  void bell_whoseLockAnotherHolds_isClosedWithoutIt() throws Exception {
    TestServer server = TestServer.shared();
    try (BenchServer given =
            BenchServer.given(server.url("postgres"), server.user(), server.password());
        BenchDatabase database = BenchDatabase.create(given, "outbox_relay_bench_bell");
        Connection relay = database.connect();
        Statement lock = relay.createStatement()) {
      Backlog.create(database, "tcp://127.0.0.1:1", 1);
      try (ResultSet held =
          lock.executeQuery("select pg_advisory_lock(7021001, doorbell) from outbox.destination")) {
        assertTrue(held.next());
      }
      try (ForcedBell bell = ForcedBell.open(database, "d1")) {
        awaitLocks(database, 2);
        assertTrue(wouldRing(database), bell.toString());
      }
      awaitLocks(database, 1);
    }
  }
}
