// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Statements that fail again and again show in outbox.status, until they succeed. */
final class TroublesTest {
  private static final String ERROR =
      "select coalesce(last_error, '-') from outbox.status where destination = 'out'";
  private static final SQLException DENIED = new SQLException("ERROR: no such right", "42501");

  private static TestDatabase db;
  private static ScriptedReceiver receiver;
  private static StagedRelay relay;

  @BeforeAll
  static void start() throws Exception {
    db = TestDatabase.create();
    receiver =
        ScriptedReceiver.start(
            line -> line.text().contains("refuse") ? Reply.nackForGood("no") : Reply.ack());
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', '" + receiver.uri() + "')");
    relay = StagedRelay.start(db, Duration.ofHours(1), RelayEvents.NONE);
    Await.until("owned", () -> db.count("select count(owner) from outbox.status") == 1);
  }

  @AfterAll
  static void stop() throws Exception {
    relay.close();
    receiver.close();
    db.close();
  }

  @AfterEach
  void clear() {
    relay.store.clear();
  }

  private static void awaitError(String error) throws Exception {
    Await.until("last_error is " + error, () -> db.query(ERROR).get(0).equals(error));
  }

  private static void awaitDone() throws Exception {
    Await.until(
        "nothing owed",
        () -> db.count("select count(*) from outbox.message where state <> 'failed'") == 0);
  }

  @ParameterizedTest
  @CsvSource({
    "tail, tail read, '{}'",
    "page, page of out, '{}'",
    "parked, parked gates of out, '{}'",
    "complete, completion, '{}'",
    "fail, failure of out, '\"refuse\"'"
  })
  void statement_thatFailsAgainAndAgain_isToldUntilItSucceeds(
      String call, String what, String payload) throws Exception {
    relay.store.fail(call, DENIED);
    if (call.equals("page") || call.equals("parked")) {
      db.execute("update outbox.destination set max_attempts = max_attempts + 1");
    }
    db.execute("select outbox.publish('out', '" + payload + "')");
    awaitError(what + " fails: ERROR: no such right");
    relay.store.clear();
    awaitError("-");
    awaitDone();
  }

  @Test
  void connection_thatIsLost_isNoTroubleOfADestination() throws Exception {
    relay.store.fail("tail", new SQLException("gone", "08006"));
    relay.store.fail("due", DENIED);
    db.execute(
        "select outbox.publish('out', '{}', deliver_at => now() + interval '100 milliseconds')",
        "select outbox.wake('out')");
    awaitError("due messages of out fails: ERROR: no such right");
    relay.store.clear();
    awaitError("-");
    awaitDone();
    assertEquals(List.of("-"), db.query(ERROR));
  }
}
