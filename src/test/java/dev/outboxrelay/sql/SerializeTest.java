// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outboxrelay.testing.Await;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Messages of one key that transactions publish at once go in the order of their commits. */
final class SerializeTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static String publish(String payload, String key) {
    return "select outbox.publish('crm', '"
        + payload
        + "', key => '"
        + key
        + "', serialize => true)";
  }

  @Test
  void secondOfAKey_waitsForTheFirstOnesEnd_andCommitsBehindIt() throws Exception {
    try (Connection first = outbox.connect();
        Connection second = outbox.connect()) {
      first.setAutoCommit(false);
      Outbox.run(first, publish("1", "k"));
      int waiter = Integer.parseInt(Outbox.column(second, "select pg_backend_pid()::text").get(0));
      CompletableFuture<Void> published =
          CompletableFuture.runAsync(
              () -> {
                try {
                  Outbox.run(second, publish("2", "k"));
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
      Await.until(
          "the second waits, or is through",
          () ->
              outbox.count("select cardinality(pg_blocking_pids(" + waiter + "))") == 1
                  || published.isDone());
      assertFalse(published.isDone(), "the second publishes before the first has committed");

      // Nobody else waits: another key, one who does not ask for it, a captured write.
      outbox.execute(
          "set lock_timeout = '2s'",
          publish("3", "other"),
          "select outbox.publish('crm', '4', key => 'k')",
          "create table t (id text primary key)",
          "select outbox.capture('t', 'crm')",
          "insert into t values ('k')",
          "reset lock_timeout");
      first.commit();
      published.get();
    }
    assertEquals(
        List.of("1", "2"),
        outbox.query(
            "select new_row::text from outbox.message where new_row::text in ('1', '2')"
                + " order by id"));
  }

  @Test
  void messageWithoutKey_waitsForNobody() throws Exception {
    try (Connection first = outbox.connect()) {
      first.setAutoCommit(false);
      Outbox.run(first, "select outbox.publish('crm', '1', serialize => true)");
      outbox.execute(
          "set lock_timeout = '2s'",
          "select outbox.publish('crm', '2', serialize => true)",
          "reset lock_timeout");
      first.commit();
    }
    outbox.refuses("22004", "select outbox.publish('crm', '1', serialize => null)");
  }
}
