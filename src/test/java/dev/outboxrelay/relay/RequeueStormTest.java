// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * Whatever is refused or set aside is requeued as soon as it stands in the table, over and over. No
 * sweep runs: a requeue that is not noticed is lost.
 */
final class RequeueStormTest {
  private static final int MESSAGES = 300;
  private static final List<Reply> REFUSALS =
      List.of(
          Reply.nackFor(Duration.ofHours(1)),
          Reply.nackForGood("no"),
          Reply.nackFor(Duration.ofHours(1)));

  private final Map<String, Integer> arrivals = new ConcurrentHashMap<>();

  private Reply reply(ScriptedReceiver.Line line) {
    int before = arrivals.merge(line.id(), 1, Integer::sum) - 1;
    return before < REFUSALS.size() ? REFUSALS.get(before) : Reply.ack();
  }

  @Test
  void requeued_inTheMomentOfEachRefusal_allAreSentAgain() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        ScriptedReceiver receiver = ScriptedReceiver.start(this::reply)) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('out', '" + receiver.uri() + "')");
      RelayConfig c = RunningRelay.config(db, "test");
      RelayConfig unswept =
          new RelayConfig(
              c.database(),
              c.name(),
              Duration.ofHours(1),
              c.poll(),
              c.pageSize(),
              c.memoryBytes(),
              c.maxMessageBytes(),
              c.stopTimeout());
      AtomicBoolean over = new AtomicBoolean();
      CompletableFuture<Void> person = CompletableFuture.runAsync(() -> requeue(db, over));
      try (RunningRelay relay = RunningRelay.start(unswept, RelayEvents.NONE);
          Connection writer = db.connect();
          Statement publish = writer.createStatement()) {
        for (int n = 0; n < MESSAGES; n++) {
          // Half of them with keys, three a key.
          publish.execute(
              "select outbox.publish('out', '{}', "
                  + (n % 2 == 0 ? "null" : "'" + n / 6 + "'")
                  + ")");
        }
        Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
      } finally {
        over.set(true);
        person.get(30, TimeUnit.SECONDS);
      }
    }
  }

  private static void requeue(TestDatabase db, AtomicBoolean over) {
    try (Connection connection = db.connect();
        Statement statement = connection.createStatement()) {
      while (!over.get()) {
        statement.execute(
            "select outbox.requeue(id) from outbox.message where state in ('retry', 'failed')");
      }
    } catch (SQLException e) {
      throw new CompletionException(e);
    }
  }
}
