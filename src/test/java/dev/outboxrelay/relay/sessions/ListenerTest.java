// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sessions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outboxrelay.relay.loop.EventLoop;
import dev.outboxrelay.relay.loop.SystemThreads;
import dev.outboxrelay.relay.sessions.Listener.Ring;
import dev.outboxrelay.store.Database;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.store.ListenSession;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a listening session counts as deaf. */
final class ListenerTest {
  private static final long LIMIT_MILLIS = 300;

  private final List<String> losses = new CopyOnWriteArrayList<>();
  private final AtomicInteger asked = new AtomicInteger();
  private TestDatabase db;
  private Database database;
  private EventLoop core;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    database =
        Database.connect(
            new DatabaseSettings(
                db.url(),
                db.user(),
                db.password(),
                2,
                Duration.ofSeconds(5),
                Duration.ofSeconds(10)));
    core = new EventLoop(new SystemThreads(), "core-test", fault -> losses.add(fault.toString()));
  }

  @AfterEach
  void tearDown() throws Exception {
    core.close();
    database.close();
    db.close();
  }

  private Listener start(Ring ring) throws Exception {
    Notices notices = new Notices(core, name -> false, news -> {});
    Listener listener =
        new Listener(
            new SystemThreads(),
            database.openListenSession(),
            database::openListenSession,
            LIMIT_MILLIS,
            (session, number, rung) -> {
              asked.incrementAndGet();
              ring.ring(session, number, rung);
            },
            notices,
            losses::add,
            fault -> losses.add(fault.toString()));
    listener.start();
    return listener;
  }

  private void awaitAsked(int more) throws Exception {
    int from = asked.get();
    Await.until("asked for " + more + " bells", () -> asked.get() >= from + more);
  }

  private void ring(ListenSession session, long number, Runnable rung) {
    try {
      database.ring(session, number);
      rung.run();
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void session_thatHearsItsBell_isNotDeaf() throws Exception {
    try (Listener listener = start(this::ring)) {
      for (int n = 0; n < 10; n++) {
        awaitAsked(1);
        assertFalse(listener.isDeaf());
      }
    }
    assertEquals(List.of(), losses);
  }

  @Test
  void session_thatDoesNotHearABellThatRang_isDeaf() throws Exception {
    try (Listener listener = start((session, number, rung) -> rung.run())) {
      Await.until("deaf", listener::isDeaf);
    }
  }

  /** A stranger may keep everybody from notifying. */
  @Test
  void bell_thatCannotBeRung_showsNothing() throws Exception {
    try (Listener listener = start((session, number, rung) -> {})) {
      awaitAsked(10);
      assertFalse(listener.isDeaf());
    }
  }

  /** A stranger knows the session's channel, and may notify any number there. */
  @Test
  void bell_ofAStranger_doesNotHideThatTheSessionIsDeaf() throws Exception {
    try (Listener listener =
        start(
            (session, number, rung) -> {
              if (number == 1) {
                ring(session, Long.MAX_VALUE, () -> {});
              }
              rung.run();
            })) {
      Await.until("deaf", listener::isDeaf);
    }
  }
}
