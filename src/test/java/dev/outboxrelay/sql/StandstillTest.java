// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What outbox.status and the doctor know of a standstill, whatever a relay says or does not. */
final class StandstillTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static final String STALLED =
      "select coalesce(extract(epoch from clock_timestamp() - stalled_since)::int / 10 * 10, -1)"
          + " from outbox.status where destination = 'crm'";

  private Connection relay;

  /** A relay that has owned the destination for an hour, and done nothing for a while. */
  @BeforeEach
  void setUp() throws SQLException {
    relay = outbox.connect();
    Outbox.run(relay, "select pg_advisory_lock(7021002, doorbell) from outbox.destination");
    outbox.execute(
        "insert into outbox.destination_state (destination, epoch, owner, owned_since, progress_at)"
            + " values ('crm', 3, 'relay-1', now() - interval '1 hour', now() - interval '101 s')");
  }

  @AfterEach
  void tearDown() throws SQLException {
    relay.close();
  }

  /** Written a minute ago. */
  private void owed(String... columnsAndValues) throws SQLException {
    StringBuilder columns = new StringBuilder();
    StringBuilder values = new StringBuilder();
    for (int i = 0; i < columnsAndValues.length; i += 2) {
      columns.append(", ").append(columnsAndValues[i]);
      values.append(", ").append(columnsAndValues[i + 1]);
    }
    outbox.execute(
        "insert into outbox.message (destination, op, created_at"
            + columns
            + ") values ('crm', 'message', now() - interval '61 s'"
            + values
            + ")");
  }

  private long stalledSeconds() throws SQLException {
    return outbox.count(STALLED);
  }

  private void state(String set) throws SQLException {
    outbox.execute("update outbox.destination_state set " + set + " where destination = 'crm'");
  }

  @Test
  void nothingOwed_isNoStandstill() throws SQLException {
    assertEquals(-1, stalledSeconds());
  }

  @Test
  void pending_andNothingMoves_isAStandstillSinceItWasOwed() throws SQLException {
    owed();
    assertEquals(60, stalledSeconds());
    outbox.execute("update outbox.pending set created_at = now() - interval '10 minutes'");
    assertEquals(100, stalledSeconds(), "since something moved");
    assertEquals(List.of("error | stalled | crm"), outbox.findings());
    state("last_error = 'page of crm fails: no'");
    String finding =
        outbox.query("select finding from outbox.doctor where check_name = 'stalled'").get(0);
    assertTrue(finding.contains("relay-1") && finding.endsWith("page of crm fails: no"), finding);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "progress_at = now() - interval '20 s'",
        "owned_since = now() - interval '20 s'",
        "answer_due_at = now() + interval '1 hour'",
        "answer_due_at = now() - interval '20 s'",
        "down_since = now() - interval '1 hour'"
      })
  void pending_andItMovesOrWaitsForTheReceiver_isNoStandstill(String set) throws SQLException {
    owed();
    state(set);
    assertEquals(-1, stalledSeconds());
  }

  @Test
  void answer_whichNoRelayWaitsForAnyMore_isNoReason() throws SQLException {
    owed();
    state("answer_due_at = now() + interval '1 hour'");
    Outbox.run(relay, "select pg_advisory_unlock_all()");
    assertEquals(60, stalledSeconds());
    assertEquals(List.of("error | no relay | audit", "error | no relay | crm"), outbox.findings());
  }

  @Test
  void paused_isNoStandstill() throws SQLException {
    owed();
    outbox.execute("select outbox.pause('crm')");
    assertEquals(-1, stalledSeconds());
    assertEquals(List.of("info | destination paused | crm"), outbox.findings());
  }

  @ParameterizedTest
  @CsvSource({
    "pending, 10, -1",
    "pending, -20, -1",
    "pending, -41, 40",
    "retry, 10, -1",
    "retry, -20, -1",
    "retry, -41, 40"
  })
  void due_laterOrLately_isNoStandstillYet(String state, int dueInSeconds, long stalled)
      throws SQLException {
    owed("state", "'" + state + "'", "due_at", "now() + interval '" + dueInSeconds + " s'");
    assertEquals(stalled, stalledSeconds());
  }

  @Test
  void behindARefusedTruncate_isNamedAsThat() throws SQLException {
    outbox.execute(
        "insert into outbox.message (destination, op, state, due_at, last_error) values"
            + " ('crm', 'truncate', 'retry', now() + interval '1 hour', 'not now')");
    owed();
    assertEquals(-1, stalledSeconds());
    assertEquals(List.of("warning | truncate refused | crm"), outbox.findings());
    outbox.execute(
        "set outbox.relay = on; update outbox.message set due_at = now() - interval '41 s'"
            + " where op = 'truncate'");
    assertEquals(60, stalledSeconds(), "it is not tried again");
  }

  @Test
  void held_behindARefusedMessage_isNamedAsThat() throws SQLException {
    owed("key", "'k'", "state", "'retry'", "due_at", "now() + interval '1 hour'");
    owed("key", "'k'", "state", "'held'");
    assertEquals(-1, stalledSeconds());
    assertEquals(List.of("info | messages held | crm"), outbox.findings());
  }

  @ParameterizedTest
  @CsvSource({"skip, false, 60", "hold, false, 60", "hold, true, -1"})
  void held_behindNothing_isAStandstill(String onFailure, boolean failed, long stalled)
      throws SQLException {
    outbox.execute("update outbox.destination set on_failure = '" + onFailure + "'");
    owed("key", "'k'", "state", "'held'");
    if (failed) {
      owed("key", "'k'", "state", "'failed'");
    }
    assertEquals(stalled, stalledSeconds());
  }

  @Test
  void destinationThatNoRelayHasEverOwned_isAStandstillOnceOwed() throws SQLException {
    outbox.execute("delete from outbox.destination_state");
    owed();
    assertEquals(60, stalledSeconds());
  }

  /** Looking for the oldest message costs where there are many, and is done in need alone. */
  @Test
  void status_whileEverythingMoves_looksForNoOldestMessage() throws SQLException {
    owed();
    state("progress_at = now()");
    String plan =
        String.join(
            "\n",
            outbox.query("explain (analyze, costs off, timing off) select * from outbox.status"));
    assertTrue(plan.contains("Subquery Scan on ready (never executed)"), plan);
  }
}
