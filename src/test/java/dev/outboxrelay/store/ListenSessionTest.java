// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outboxrelay.store.ListenSession.Heard;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.DriverManager;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;

final class ListenSessionTest {
  private static final int WAIT_MILLIS = 20_000;
  private static final int PAYLOAD_CHARS = 7_900;

  private static ListenSession listen(TestDatabase db) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", db.user());
    properties.setProperty("password", db.password());
    properties.setProperty("socketFactory", PromptSocketFactory.class.getName());
    return JdbcListenSession.open(DriverManager.getConnection(db.url(), properties));
  }

  private static void notify(TestDatabase db, int count) throws Exception {
    db.execute(
        "select count(pg_notify('outbox', n || repeat('x', %d))) from generate_series(1, %d) n"
            .formatted(PAYLOAD_CHARS, count));
  }

  /** The driver by itself would keep them all before it hands out the first. */
  @Test
  void notifications_moreThanTheHeapMayHold_endTheSessionAndTheNextHearsWhatFollows()
      throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      try (ListenSession session = listen(db)) {
        notify(db, 3_000);
        assertThrows(ListenSession.Flooded.class, () -> awaitAll(session, 3_000));
        session.abort();
      }
      try (ListenSession session = listen(db)) {
        db.execute("notify outbox, 'after it'");
        assertEquals("after it", session.await(WAIT_MILLIS).get(0).text());
      }
    }
  }

  /** As long as they are taken out, any number of them may come. */
  @Test
  void notifications_manyTimesAFew_areAllHeard() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty();
        ListenSession session = listen(db)) {
      for (int round = 0; round < 20; round++) {
        notify(db, 30);
        awaitAll(session, 30);
      }
    }
  }

  private static void awaitAll(ListenSession session, int count) throws Exception {
    int heard = 0;
    while (heard < count) {
      List<Heard> came = session.await(WAIT_MILLIS);
      assertFalse(came.isEmpty(), "only " + heard + " came");
      heard += came.size();
    }
  }

  @Test
  void notifications_few_comeAtOnceAndInOrder() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty();
        ListenSession session = listen(db)) {
      db.execute(
          "select pg_notify('outbox', 'a'), pg_notify('outbox_control', ''), pg_notify('"
              + session.selfTestChannel()
              + "', '7')");
      assertEquals(
          "[Heard[kind=BELL, text=a], Heard[kind=CONTROL, text=], Heard[kind=SELF_TEST, text=7]]",
          session.await(WAIT_MILLIS).toString());
    }
  }
}
