// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.store.Login;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is followed is shown once, in whatever order it becomes visible. */
final class TailTest {
  private TestDatabase db;
  private Session session;

  @BeforeEach
  void open() throws SQLException {
    db = TestDatabase.create();
    db.execute(
        "insert into outbox.destination (name, uri, keep_delivered)"
            + " values ('crm', 'tcp://localhost:1', '1 day')");
    session = Session.open(Login.of(db.url(), db.user(), db.password()), "test");
  }

  @AfterEach
  void close() throws SQLException {
    session.close();
    db.close();
  }

  private Tail tail(boolean owed) throws SQLException {
    Tail tail = new Tail(session, owed, false, null, null);
    tail.from("crm", session.now());
    return tail;
  }

  private static List<String> look(Tail tail) throws SQLException {
    List<String> keys = new ArrayList<>();
    tail.look(rows -> rows.forEach(row -> keys.add(row.text("key"))));
    return keys;
  }

  private static String delivered(String key, String at) {
    return "insert into outbox.message (destination, op, key, state, delivered_at)"
        + " values ('crm', 'message', '"
        + key
        + "', 'delivered', "
        + at
        + ")";
  }

  @Test
  void deliveries_alsoThoseThatCommitLate_areShownOnce() throws Exception {
    db.execute(delivered("before", "clock_timestamp() - interval '1 minute'"));
    Tail tail = tail(false);
    assertEquals(List.of(), look(tail));
    db.execute(delivered("a", "clock_timestamp() + interval '3 seconds'"));
    assertEquals(List.of("a"), look(tail));
    db.execute(delivered("late", "clock_timestamp() + interval '2 seconds'"));
    assertEquals(List.of("late"), look(tail));
    assertEquals(List.of(), look(tail));
  }

  @Test
  void deliveries_moreThanAPageAtOneTime_areAllShown() throws Exception {
    Tail tail = tail(false);
    db.execute(
        "insert into outbox.message (destination, op, key, state, delivered_at)"
            + " select 'crm', 'message', g, 'delivered', now() + interval '1 second'"
            + " from generate_series(1, 2500) g");
    assertEquals(2500, look(tail).size());
    assertEquals(0, look(tail).size());
  }

  @Test
  void owed_alsoOfATransactionThatCommitsLate_areShownOnce() throws Exception {
    db.execute("select outbox.publish('crm', '{}', 'before')");
    Tail tail = tail(true);
    try (Connection slow = db.connect();
        Statement s = slow.createStatement()) {
      slow.setAutoCommit(false);
      s.execute("select outbox.publish('crm', '{}', 'slow')");
      db.execute("select outbox.publish('crm', '{}', 'quick')");
      assertEquals(List.of("quick"), look(tail));
      slow.commit();
    }
    assertEquals(List.of("slow"), look(tail));
    assertEquals(List.of(), look(tail));
  }
}
