// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.store.SchemaState;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The schema is taken from under a relay that runs and has nothing to do. */
final class SchemaLostTest {
  private static final String OLDER =
      "delete from outbox.flyway_schema_history where version ="
          + " (select max(version) from outbox.flyway_schema_history)";
  private static final String NEWER =
      "insert into outbox.flyway_schema_history select 10000, '999', 'later', 'SQL',"
          + " 'V999__later.sql', 1, installed_by, now(), 1, true"
          + " from outbox.flyway_schema_history limit 1";

  private final Watched events = new Watched();
  private final ScriptedReceiver receiver = ScriptedReceiver.start();
  private TestDatabase db;
  private RunningRelay relay;

  private static final class Watched implements RelayEvents {
    final CompletableFuture<SchemaState> end = new CompletableFuture<>();
    final AtomicInteger connected = new AtomicInteger();
    final AtomicInteger lost = new AtomicInteger();
    final List<String> failed = new CopyOnWriteArrayList<>();
    final List<String> succeeded = new CopyOnWriteArrayList<>();
    volatile CompletableFuture<Boolean> asleep = new CompletableFuture<>();

    @Override
    public void connected() {
      connected.incrementAndGet();
    }

    @Override
    public void databaseLost(String reason, long retryInMillis) {
      lost.incrementAndGet();
    }

    @Override
    public void asleep() {
      asleep.complete(true);
    }

    @Override
    public void statementFailed(String what, String reason, long retryInMillis) {
      failed.add(what + ": " + reason);
    }

    @Override
    public void statementSucceeded(String what) {
      succeeded.add(what);
    }

    @Override
    public void cannotGoOn(SchemaState schema) {
      end.complete(schema);
    }
  }

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    destination();
    relay = RunningRelay.start(RunningRelay.config(db, "test"), events);
    delivered(1);
    events.asleep.get(30, TimeUnit.SECONDS);
  }

  @AfterEach
  void tearDown() throws Exception {
    relay.close();
    receiver.close();
    db.close();
  }

  private void destination() throws Exception {
    db.execute("insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')");
  }

  private void delivered(int all) throws Exception {
    db.execute("select outbox.publish('d', '{}')");
    receiver.awaitLines(all, Duration.ofSeconds(30));
  }

  private SchemaState end() throws Exception {
    return events.end.get(20, TimeUnit.SECONDS);
  }

  @Test
  void schema_dropped_endsTheRelayWithoutAWordOfEachStatement() throws Exception {
    db.execute("drop schema outbox cascade");
    assertEquals(SchemaState.MISSING, end());
    assertEquals(List.of(), events.failed);
  }

  @Test
  void schema_droppedUnderStatements_endsTheRelayWithoutAWordOfEach() throws Exception {
    // Three destinations whose messages are refused are read by time, again and again.
    db.execute(
        "update outbox.destination set retry_initial = '50 ms', retry_max = '50 ms',"
            + " max_attempts = 1000");
    receiver.script(line -> Reply.nack("no"));
    db.execute("select outbox.publish('d', '{}') from generate_series(1, 20)");
    Await.until("refused", () -> receiver.count() > 50);
    db.execute("drop schema outbox cascade");
    assertEquals(SchemaState.MISSING, end());
    // Of the lock that the drop took they may tell, of what is not there they do not.
    assertEquals(
        List.of(), events.failed.stream().filter(f -> f.contains("does not exist")).toList());
  }

  @Test
  void schema_ofAnotherVersion_endsTheRelayWhenAStatementFails() throws Exception {
    db.execute(NEWER);
    delivered(2);
    db.execute("drop view outbox.status", "alter table outbox.pending rename to messages");
    Await.until("a statement fails or it is found before", () -> ring() && events.end.isDone());
    assertEquals(SchemaState.NEWER, end());
  }

  @Test
  void schema_olderThanIt_endsTheRelayWhenAStatementFails() throws Exception {
    db.execute(OLDER, "alter table outbox.pending rename to messages");
    Await.until("a statement fails", () -> ring() && events.end.isDone());
    assertEquals(SchemaState.OLDER, end());
  }

  @Test
  void schema_thatIsSomebodyElsesNow_endsTheRelay() throws Exception {
    db.execute(
        "drop schema outbox cascade; create schema outbox; create table outbox.parcels (id int)");
    assertEquals(SchemaState.FOREIGN, end());
  }

  @Test
  void schema_replacedByAnotherOfTheSameVersion_isTakenUpByTheNextTerm() throws Exception {
    relay.close();
    db.execute(
        "alter schema outbox rename to spare",
        "alter schema outbox_internal rename to spare_internal");
    new Migrator(db.url(), db.user(), db.password()).migrate();
    destination();
    relay = RunningRelay.start(RunningRelay.config(db, "test"), events);
    Await.until("it runs", () -> events.connected.get() == 2);
    delivered(2);
    db.execute(
        "alter schema outbox rename to gone; alter schema spare rename to outbox;"
            + " alter schema outbox_internal rename to gone_internal;"
            + " alter schema spare_internal rename to outbox_internal");
    Await.until("a new term", () -> events.connected.get() == 3);
    delivered(3);
  }

  /** Missing rights are told and may come back; the relay stays. */
  @Test
  void table_goneFromASchemaThatIsRight_isToldAndWaitedFor() throws Exception {
    db.execute("alter table outbox.destination rename to somewhere_else");
    Await.until("told", () -> ring() && !events.failed.isEmpty());
    db.execute("alter table outbox.somewhere_else rename to destination");
    Await.until("well again", () -> !events.succeeded.isEmpty());
    delivered(2);
    assertEquals(1, events.connected.get());
  }

  /** Else it would say in turns that it is connected and that it is lost. */
  @Test
  void lockSession_thatCannotLook_isNoConnection() throws Exception {
    db.execute("alter view outbox.relay_locks rename to elsewhere");
    Await.until("lost, and lost again", () -> events.lost.get() >= 3);
    assertEquals(1, events.connected.get());
    db.execute("alter view outbox.elsewhere rename to relay_locks");
    Await.until("connected again", () -> events.connected.get() == 2);
    delivered(2);
  }

  /** Makes the relay read its settings and its messages. */
  private boolean ring() throws Exception {
    db.execute("notify outbox_control", "notify outbox, 'd'");
    return true;
  }
}
