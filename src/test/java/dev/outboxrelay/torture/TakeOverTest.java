// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import dev.outboxrelay.testing.Wire;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.Driver;

/** How long until another relay delivers, and whether ever two of them do. */
@Tag("alone")
@Timeout(900)
final class TakeOverTest {
  private static final int KILLS = Figures.measuring() ? 20 : 2;
  private static final int CUTS = Figures.measuring() ? 20 : 1;
  private static final Duration KILL_BOUND = Duration.ofSeconds(2);
  private static final Duration CUT_BOUND = Duration.ofSeconds(10);

  /** A machine that runs other things at the same time. */
  private static final Duration MARGIN = Duration.ofSeconds(3);

  @Test
  void owner_killed_isReplacedWithinTwoSeconds() throws Exception {
    List<Long> times = new ArrayList<>();
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      stage.destination("d", receiver.uri());
      RelayProcess owner = stage.relay("relay-0");
      stage.awaitOwners();
      try (Publisher publisher = new Publisher(stage)) {
        for (int i = 1; i <= KILLS; i++) {
          RelayProcess standby = stage.relay("relay-" + i);
          stage.await(MEMBERS, "2", Stage.SOON);
          Stage.pause(Duration.ofMillis(500));
          // Places go by the sessions' numbers, which begin anew at times: the new one may own it.
          stage.await("select owner is not null from outbox.status", "t", Stage.SOON);
          String before = stage.database.query("select owner from outbox.status").get(0);
          boolean moved = before.matches(".*relay-" + i + "\\b.*");
          long epoch = epoch(stage);
          long killed = System.nanoTime();
          (moved ? standby : owner).kill();
          times.add(millisUntilNewerEpoch(receiver, epoch, killed));
          owner = moved ? owner : standby;
        }
      }
      stage.awaitNothingOwed("d", Stage.SOON);
    }
    Figures.say(
        "take-over after kill -9: median %d ms, worst of %d: %d ms",
        Figures.median(times), times.size(), Figures.worst(times));
    assertTrue(Figures.worst(times) < KILL_BOUND.plus(MARGIN).toMillis(), times.toString());
  }

  @Test
  void owner_cutOffFromTheDatabase_stopsSendingAndIsReplacedWithinTheBound() throws Exception {
    List<Long> times = new ArrayList<>();
    long overlapMillis = 0;
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      stage.destination("d", receiver.uri());
      var url = Driver.parseURL(stage.database.url(), null);
      try (FaultProxy first = FaultProxy.to(Integer.parseInt(url.getProperty("PGPORT")));
          FaultProxy second = FaultProxy.to(Integer.parseInt(url.getProperty("PGPORT")))) {
        FaultProxy[] proxies = {first, second};
        stage.relay("relay-0", url(first, stage), 64);
        stage.awaitOwners();
        stage.relay("relay-1", url(second, stage), 64);
        stage.await(MEMBERS, "2", Stage.SOON);
        try (Publisher publisher = new Publisher(stage)) {
          for (int i = 0; i < CUTS; i++) {
            String owner = stage.database.query("select owner from outbox.status").get(0);
            FaultProxy cut = proxies[owner.contains("relay-0") ? 0 : 1];
            long epoch = epoch(stage);
            receiver.awaitLines((int) receiver.count() + 5, Stage.SOON);
            long from = System.nanoTime();
            cut.stall();
            times.add(millisUntilNewerEpoch(receiver, epoch, from));
            Stage.pause(Duration.ofSeconds(2));
            cut.resume();
            stage.await(MEMBERS, "2", Stage.SOON);
            overlapMillis = Math.max(overlapMillis, overlapMillis(receiver.lines()));
          }
        }
        stage.awaitNothingOwed("d", Stage.SOON);
      }
    }
    Figures.say(
        "take-over after a cut without reset: median %d ms, worst of %d: %d ms;"
            + " the old owner was heard at most %d ms after the new one's first line",
        Figures.median(times), times.size(), Figures.worst(times), overlapMillis);
    assertTrue(Figures.worst(times) < CUT_BOUND.plus(MARGIN).toMillis(), times.toString());
    assertEquals(0, overlapMillis, "two senders at a time");
  }

  @Test
  void owner_whoseLockSessionIsEnded_stopsSendingWhileAnotherDelivers() throws Exception {
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      stage.destination("d", receiver.uri());
      stage.relay("relay-0");
      stage.awaitOwners();
      stage.relay("relay-1");
      stage.await(MEMBERS, "2", Stage.SOON);
      try (Publisher publisher = new Publisher(stage)) {
        receiver.awaitLines(10, Stage.SOON);
        long epoch = epoch(stage);
        long from = System.nanoTime();
        stage.database.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
                + " and classid = 7021002 and database = (select oid from pg_database where datname"
                + " = current_database())");
        millisUntilNewerEpoch(receiver, epoch, from);
        // Two senders would go on side by side.
        Stage.pause(Duration.ofSeconds(3));
      }
      stage.awaitNothingOwed("d", Stage.SOON);
      long overlap = overlapMillis(receiver.lines());
      assertTrue(overlap < 1_000, "the old owner was heard " + overlap + " ms after the new one");
    }
  }

  /** The dead relay's last statement must not wait in the server, and the take-over behind it. */
  @Test
  void owner_killedWhileAPersonHasLockedItsMessage_isReplaced() throws Exception {
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = ScriptedReceiver.start(line -> Reply.nack("not yet"));
        Connection person = stage.database.connect();
        Statement statement = person.createStatement()) {
      stage.destination(
          "d",
          receiver.uri(),
          "retry_initial = '20 ms'",
          "retry_max = '50 ms'",
          "max_attempts = 1000000");
      RelayProcess owner = stage.relay("relay-0");
      stage.publish("d", 1, 1, "'a'");
      stage.await("select retry from outbox.status", "1", Stage.SOON);
      long epoch = epoch(stage);
      person.setAutoCommit(false);
      statement.execute("select from outbox.pending for update");
      // Time enough for its answer to come, and for a statement to begin to wait.
      Stage.pause(Duration.ofSeconds(1));
      owner.kill();
      stage.relay("relay-1");
      stage.await("select epoch > " + epoch + " from outbox.status", "t", Stage.SOON);
      person.rollback();
    }
  }

  private static final String MEMBERS =
      "select count(*) from pg_locks where locktype = 'advisory' and granted and classid = 7021003"
          + " and database = (select oid from pg_database where datname = current_database())";

  private static String url(FaultProxy proxy, Stage stage) {
    return "jdbc:postgresql://127.0.0.1:" + proxy.port() + "/" + stage.database.name();
  }

  private static long epoch(Stage stage) throws Exception {
    return stage.database.count("select epoch from outbox.status");
  }

  private static long millisUntilNewerEpoch(ScriptedReceiver receiver, long epoch, long from)
      throws Exception {
    List<Line> lines =
        receiver.await(
            all -> !all.isEmpty() && epochOf(all.get(all.size() - 1)) > epoch,
            Duration.ofSeconds(60),
            () -> "a line of an epoch after " + epoch);
    Line newer = lines.stream().filter(line -> epochOf(line) > epoch).findFirst().orElseThrow();
    return TimeUnit.NANOSECONDS.toMillis(newer.nanos() - from);
  }

  /** The longest that an older epoch's line came after a newer one's first. */
  private static long overlapMillis(List<Line> lines) {
    long newest = 0;
    long since = 0;
    long overlap = 0;
    for (Line line : lines) {
      long epoch = epochOf(line);
      if (epoch > newest) {
        newest = epoch;
        since = line.nanos();
      } else if (epoch < newest) {
        overlap = Math.max(overlap, line.nanos() - since);
      }
    }
    return TimeUnit.NANOSECONDS.toMillis(overlap);
  }

  private static long epochOf(Line line) {
    return Wire.parse(line.text()).path("epoch").asLong();
  }

  /** Publishes a message every few milliseconds, so that there is always something to deliver. */
  private static final class Publisher implements AutoCloseable {
    private final StopSignal stop = new StopSignal();
    private final Thread thread;

    Publisher(Stage stage) {
      thread =
          new Thread(
              () -> {
                try (var connection = stage.database.connect();
                    var statement = connection.createStatement()) {
                  for (int n = 1; !stop.await(Duration.ofMillis(10)); n++) {
                    statement.execute(
                        "select outbox.publish('d', json_build_object('n', " + n + "))");
                  }
                } catch (java.sql.SQLException e) {
                  throw new IllegalStateException(e);
                }
              },
              "publisher");
      thread.start();
    }

    @Override
    public void close() throws InterruptedException {
      stop.set();
      thread.join();
    }
  }
}
