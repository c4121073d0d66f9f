// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a message keeps of its failures, and of who has made it owed again. */
final class FailureHistoryTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static final String HISTORY =
      "select concat_ws(' ', state, failed_at is not null, first_failed_at is not null, requeued,"
          + " requeued_by) from outbox.message";

  private static void publishAndFail() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}', 'k')", FAIL);
  }

  private static final String FAIL =
      "update outbox.message set state = 'failed', last_error = 'bad'";

  private static String login() throws SQLException {
    return outbox.query("select session_user").get(0);
  }

  private static List<String> history() throws SQLException {
    return outbox.query(HISTORY);
  }

  @Test
  void message_neverFailed_hasNoHistory() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}', 'k')");
    assertEquals(List.of("pending f f 0"), history());
  }

  @Test
  void message_requeuedAndFailedAgain_keepsItsFirstTimeAndWhoRequeuedIt() throws SQLException {
    publishAndFail();
    assertEquals(List.of("failed t t 0"), history());
    outbox.execute("create table before as select first_failed_at from outbox.message");

    outbox.execute("select outbox.requeue(id) from outbox.message");
    assertEquals(List.of("pending f t 1 " + login()), history());
    outbox.execute(FAIL, "select outbox.requeue_failed()", FAIL);

    assertEquals(List.of("failed t t 2 " + login()), history());
    assertEquals(
        List.of("t t"),
        outbox.query(
            "select concat_ws(' ', f.first_failed_at = b.first_failed_at,"
                + " f.failed_at > f.first_failed_at) from outbox.failed f, before b"));
    outbox.execute("drop table before");
  }

  @Test
  void message_requeuedByPlainUpdateForLater_isCountedOnce() throws SQLException {
    publishAndFail();
    outbox.execute(
        "update outbox.message set state = 'pending', due_at = now() + interval '1 hour'");
    assertEquals(List.of("pending f t 1 " + login()), history());
    outbox.execute("update outbox.message set due_at = now() + interval '2 hours'");
    assertEquals(List.of("pending f t 1 " + login()), history());
  }

  @Test
  void message_deliveredAndKeptAfterItFailed_keepsItsHistory() throws SQLException {
    publishAndFail();
    outbox.execute(
        "select outbox.requeue(id) from outbox.message",
        "update outbox.message set state = 'delivered'");
    assertEquals(List.of("delivered f t 1 " + login()), history());
  }

  @Test
  void history_setByHand_isRefused() throws SQLException {
    publishAndFail();
    outbox.refuses("0A000", "update outbox.message set requeued = 7");
    outbox.refuses("0A000", "update outbox.message set first_failed_at = now()");
  }

  @Test
  void requeueFailed_sinceATime_leavesWhatFailedBefore() throws SQLException {
    publishAndFail();
    outbox.execute("update outbox.parked set failed_at = now() - interval '1 hour'");
    publishAndFail();
    assertEquals(
        1,
        outbox.count(
            "select outbox.requeue_failed('crm', failed_since => now() - interval '1 minute')"));
    assertEquals(
        0,
        outbox.count(
            "select outbox.discard_failed('crm', failed_since => now() - interval '1 minute')"));
    assertEquals(
        1,
        outbox.count(
            "select outbox.discard_failed('crm', failed_since => now() - interval '1 day')"));
  }

  @Test
  void explain_ofOneThatFailedTwice_tellsWhenFirstAndWhoRequeuedIt() throws SQLException {
    publishAndFail();
    outbox.execute("select outbox.requeue(id) from outbox.message", FAIL);
    String told =
        outbox
            .query(
                "select e.explanation || ' ' || (e.since = m.failed_at)"
                    + " from outbox.message m, outbox.explain(m.id) e")
            .get(0);
    assertTrue(told.contains("bad; requeued once, last by " + login()), told);
    assertTrue(told.contains("; set aside first at "), told);
    assertTrue(told.endsWith(" true"), told);
  }
}
