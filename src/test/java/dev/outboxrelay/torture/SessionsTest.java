// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.Stalls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A relay loses its sessions one by one; relays come and go. */
@Tag("alone")
@Timeout(240)
final class SessionsTest {
  private static final Duration HEAL_BOUND = Duration.ofSeconds(2);

  /** A machine that runs other things at the same time. */
  private static final Duration MARGIN = Duration.ofSeconds(4);

  /** As many as a relay has, and a few more. */
  private static final int SESSIONS_ENDED = 6;

  private static final String SESSIONS =
      "select pid from pg_stat_activity where datname = current_database()"
          + " and pid <> pg_backend_pid() and backend_type = 'client backend' order by pid";

  private static final String OWNED =
      "select string_agg(n::text, ' ' order by n) from (select count(*) n from outbox.status"
          + " where owner is not null group by owner) owned";

  @Test
  void session_terminated_healsWithinSecondsWhicheverItIs() throws Exception {
    List<Long> times = new ArrayList<>();
    try (Stage stage = Stage.open();
        Stalls stalls = new Stalls();
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      stage.destination("d", receiver.uri());
      RelayProcess relay = stage.relay("only");
      stage.publish("d", 1, 1, "'k'");
      receiver.awaitLines(1, Stage.SOON);
      int round = 1;
      for (int nth = 0; nth < SESSIONS_ENDED; nth++) {
        stage.await("select count(*) >= 3 from (" + SESSIONS + ") s", "t", Stage.SOON);
        List<String> pids = stage.database.query(SESSIONS);
        String pid = pids.get(nth % pids.size());
        long stalled = stalls.total().toMillis();
        long from = System.nanoTime();
        stage.database.execute("select pg_terminate_backend(" + pid + ")");
        round++;
        stage.publish("d", round, round, "'k'");
        receiver.awaitLines(round, Stage.SOON);
        long took = (System.nanoTime() - from) / 1_000_000;
        times.add(took - (stalls.total().toMillis() - stalled));
        assertTrue(relay.alive(), "the relay ended");
      }
      stage.awaitNothingOwed("d", Stage.SOON);
    }
    Figures.say(
        "a relay's session terminated, %d of them one by one: delivered again after %s ms",
        times.size(), times);
    assertTrue(Figures.worst(times) < HEAL_BOUND.plus(MARGIN).toMillis(), times.toString());
  }

  @Test
  void destinations_ofSeveralRelays_spreadEvenlyAndAgainWhenOneJoinsOrLeaves() throws Exception {
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      for (int i = 1; i <= 10; i++) {
        stage.destination("d" + i, receiver.uri());
      }
      stage.relay("one");
      stage.await(OWNED, "10", Stage.SOON);
      StopSignal stop = new StopSignal();
      Thread publisher = new Thread(() -> publishUntil(stop, stage));
      publisher.start();
      stage.relay("two");
      stage.await(OWNED, "5 5", Stage.SOON);
      RelayProcess third = stage.relay("three");
      stage.await(OWNED, "3 3 4", Stage.SOON);
      assertTrue(third.terminate(Duration.ofSeconds(13)));
      assertEquals(0, third.exitCode());
      stage.await(OWNED, "5 5", Stage.SOON);
      stop.set();
      publisher.join();
      for (int i = 1; i <= 10; i++) {
        stage.awaitNothingOwed("d" + i, Stage.SOON);
      }
      long distinct = receiver.lines().stream().map(ScriptedReceiver.Line::id).distinct().count();
      assertEquals(distinct, receiver.count(), "messages that came twice though nobody was killed");
    }
  }

  @Test
  void relay_idle_sendsNothingButHeartbeatAndSweep() throws Exception {
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      stage.destination("d", receiver.uri());
      stage.relay("only", "--sweep", "1m");
      stage.publish("d", 1, 1, "'k'");
      receiver.awaitLines(1, Stage.SOON);
      Stage.pause(Duration.ofSeconds(3));
      int seconds = 10;
      long before = transactions(stage);
      Stage.pause(Duration.ofSeconds(seconds));
      long perSecond = (transactions(stage) - before) / seconds;
      Figures.say("an idle relay: %d transactions a second", perSecond);
      assertFalse(perSecond > 5, perSecond + " transactions a second");
    }
  }

  /** Of the database, without those of this question. */
  private static long transactions(Stage stage) throws Exception {
    return stage.database.count(
        "select xact_commit + xact_rollback from pg_stat_database where datname ="
            + " current_database()");
  }

  private static void publishUntil(StopSignal stop, Stage stage) {
    try (var connection = stage.database.connect();
        var statement = connection.createStatement()) {
      for (int n = 1; !stop.await(Duration.ofMillis(5)); n++) {
        statement.execute(
            "select outbox.publish('d%d', '{\"n\":%d}', 'k')".formatted(1 + n % 10, n));
      }
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
