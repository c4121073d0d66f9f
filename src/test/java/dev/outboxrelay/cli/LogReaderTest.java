// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The log goes to a pipe that nobody reads, and one destination has much to log. */
final class LogReaderTest {
  private static final Duration STOP_BOUND = Duration.ofSeconds(20);

  /** As long as the log shows it. */
  private static final String REASON = "no".repeat(480);

  /** Their log is larger than a pipe and the queue before it. */
  private static final int REFUSED = 800;

  private static final String DROPPED = "outbox_relay_log_lines_dropped_total ";

  private static double dropped(int port) throws Exception {
    try (InputStream in =
        URI.create("http://127.0.0.1:" + port + "/metrics").toURL().openStream()) {
      String metrics = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return metrics
          .lines()
          .filter(line -> line.startsWith(DROPPED))
          .mapToDouble(line -> Double.parseDouble(line.substring(DROPPED.length())))
          .sum();
    }
  }

  @Test
  void log_nobodyReadsIt_othersDeliverAndTheStopIsInOrder() throws Exception {
    int port = Ports.free();
    try (TestDatabase db = TestDatabase.create();
        ScriptedReceiver good = ScriptedReceiver.start();
        ScriptedReceiver bad =
            ScriptedReceiver.startKeepingNothing(line -> Reply.nackForGood(REASON));
        RelayProcess relay =
            RelayProcess.startUnread(
                db.url(),
                db.user(),
                64,
                "--log-level",
                "debug",
                "--database-password",
                db.password(),
                "--http-port",
                "" + port)) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('good', '" + good.uri() + "')",
          "insert into outbox.destination (name, uri) values ('bad', '" + bad.uri() + "')",
          "select count(outbox.publish('bad', '{}')) from generate_series(1, " + REFUSED + ")");
      Await.until(
          "all refused",
          Duration.ofSeconds(90),
          () -> db.count("select count(*) from outbox.failed") == REFUSED);
      db.execute("select outbox.publish('good', '{}')");
      good.awaitLines(1, Duration.ofSeconds(30));
      Await.until("lines were dropped, and counted", () -> dropped(port) > 0);

      relay.askToStop();
      assertTrue(relay.awaitEnd(STOP_BOUND), "still alive");
      assertEquals(ExitCode.OK, relay.exitCode());
    }
  }

  @Test
  @Tag("full")
  void log_readAgain_saysWhereLinesAreMissingAndEndsWithTheNewest() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        ScriptedReceiver bad =
            ScriptedReceiver.startKeepingNothing(line -> Reply.nackForGood(REASON));
        RelayProcess relay =
            RelayProcess.startUnread(
                db.url(),
                db.user(),
                64,
                "--log-level",
                "debug",
                "--database-password",
                db.password())) {
      db.execute(
          "insert into outbox.destination (name, uri) values ('bad', '" + bad.uri() + "')",
          "select count(outbox.publish('bad', '{}')) from generate_series(1, " + REFUSED + ")");
      Await.until(
          "all refused",
          Duration.ofSeconds(90),
          () -> db.count("select count(*) from outbox.failed") == REFUSED);
      relay.askToStop();
      String log = new String(relay.output().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(relay.awaitEnd(STOP_BOUND), "still alive");
      assertEquals(ExitCode.OK, relay.exitCode());
      assertTrue(log.contains("lines of the log are missing here"), log.substring(0, 2000));
      assertTrue(log.stripTrailing().endsWith("stopped"), log.substring(log.length() - 2000));
    }
  }
}
