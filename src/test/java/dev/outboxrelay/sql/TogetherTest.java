// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two operators at one table, and calls within transactions. */
@Timeout(60)
final class TogetherTest {
  private static final String CAPTURE = "select outbox.capture('t', 'crm')";
  private static final String RELEASE = "select outbox.release('t', 'crm')";

  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute("create table t (id int primary key)");
  }

  /** The second call begins while the first one's transaction is open. */
  private static void meet(String first, String second) throws Exception {
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (Connection c = outbox.connect();
        Connection other = outbox.connect()) {
      c.setAutoCommit(false);
      Outbox.run(c, first);
      Future<?> later =
          thread.submit(
              () -> {
                Outbox.run(other, second);
                return null;
              });
      Await.until(
          "the second call waits",
          () ->
              outbox.count(
                      "select count(*) from pg_locks where not granted and relation = 't'::regclass")
                  > 0);
      c.commit();
      later.get(20, TimeUnit.SECONDS);
    } finally {
      thread.shutdownNow();
    }
  }

  private static long triggers() throws SQLException {
    return outbox.count("select count(*) from outbox_internal.capture_detail");
  }

  @Test
  void twoCaptures_oneAfterTheOther_bothSucceed() throws Exception {
    meet(CAPTURE, CAPTURE);
    assertEquals(3, triggers());
    meet(CAPTURE, CAPTURE);
    assertEquals(3, triggers());
  }

  @Test
  void captureAndRelease_endAsTheLaterOneSays() throws Exception {
    outbox.execute(CAPTURE);
    meet(CAPTURE, RELEASE);
    assertEquals(0, triggers());
    outbox.execute(CAPTURE);
    meet(RELEASE, CAPTURE);
    assertEquals(3, triggers());
    meet(RELEASE, RELEASE);
    assertEquals(0, triggers());
  }

  @Test
  void backfillInSteps_insideATransaction_saysThatItMustBeOutside() throws SQLException {
    outbox.execute(CAPTURE, "insert into t values (1)");
    try (Connection c = outbox.connect()) {
      c.setAutoCommit(false);
      String refused = Outbox.refuses(c, "2D000", "call outbox.backfill_in_steps('t', 'crm')");
      assertTrue(refused.contains("outside a transaction"), refused);
      c.rollback();
      c.setAutoCommit(true);
      Outbox.run(c, "call outbox.backfill_in_steps('t', 'crm')");
    }
    assertEquals(List.of("insert 1", "read 1"), outbox.changes());
  }
}
