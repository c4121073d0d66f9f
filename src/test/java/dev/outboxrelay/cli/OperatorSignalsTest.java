// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.ChildSignals;
import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.JavaProcess;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Objects;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.Driver;

/** Ctrl-C in what takes long: it ends in order, and says what was done. */
@DisabledOnOs(OS.WINDOWS)
final class OperatorSignalsTest {
  private static final int MANY = 10_000;

  /** So many rows of 2 kB are more than one step of a backfill. */
  private static final int LARGE = 5_000;

  private static final String WAITING =
      "select count(*) from pg_stat_activity"
          + " where datname = current_database() and wait_event_type = 'Lock'";

  @RegisterExtension static final OperatorDatabase outbox = new OperatorDatabase();
  @TempDir Path folder;

  @BeforeEach
  void signalsArrive() throws Exception {
    assumeTrue(
        ChildSignals.reachChildren(ChildSignals.INTERRUPT),
        "SIGINT is ignored here: a script has started the build in the background");
  }

  private JavaProcess start(String... args) throws Exception {
    return JavaProcess.start(
        JavaProcess.program(args), outbox.variables(), folder.resolve("output"));
  }

  @Test
  void statusAndTail_atCtrlC_endWith0() throws Exception {
    outbox.execute("update outbox.destination set keep_delivered = '1 day'");
    try (JavaProcess status = start("status", "--watch", "--every", "100ms", "--json");
        JavaProcess tail =
            JavaProcess.start(
                JavaProcess.program("tail", "--every", "100ms"),
                outbox.variables(),
                folder.resolve("tail"))) {
      Await.until("two looks", () -> status.output().lines().count() >= 2);
      Await.until(
          "the tail follows",
          () ->
              outbox.count(
                      "select count(*) from pg_stat_activity where application_name ="
                          + " 'outbox-relay tail' and query like '%outbox.message%'"
                          + " and datname = current_database()")
                  > 0);
      outbox.execute(
          "select outbox.publish('crm', '{}', '17')",
          "update outbox.message set state = 'delivered'");
      tail.awaitOutput("crm");
      status.signal("INT");
      tail.signal("INT");
      assertEquals(ExitCode.OK, status.awaitExit(), status.output());
      assertEquals(ExitCode.OK, tail.awaitExit(), tail.output());
      assertTrue(tail.output().contains("ended; messages shown: 1"), tail.output());
    }
  }

  @Test
  void statusWatch_whileTheDatabaseIsAway_goesOn() throws Exception {
    Properties url = Driver.parseURL(outbox.db().url(), null);
    int port = Integer.parseInt(Objects.requireNonNull(url).getProperty("PGPORT"));
    try (FaultProxy proxy = FaultProxy.to(port);
        JavaProcess status =
            start(
                "status",
                "--watch",
                "--every=100ms",
                "--database-url=jdbc:postgresql://localhost:"
                    + proxy.port()
                    + "/"
                    + outbox.db().name())) {
      status.awaitOutput("crm");
      proxy.refuse();
      status.awaitOutput("; looking again");
      proxy.listen();
      int seen = status.output().length();
      Await.until("it looks again", () -> status.output().substring(seen).contains("crm"));
      status.signal("INT");
      assertEquals(ExitCode.OK, status.awaitExit(), status.output());
    }
  }

  /** The second thousand waits for a lock when the signal comes. */
  @Test
  void requeue_atCtrlC_finishesItsStepAndSaysWhatWasDone() throws Exception {
    outbox.execute(
        "insert into outbox.message (destination, op, state)"
            + " select 'crm', 'message', 'failed' from generate_series(1, "
            + MANY
            + ")");
    String pending = "select count(*) from outbox.message where state = 'pending'";
    try (Connection other = outbox.db().connect();
        Statement s = other.createStatement();
        JavaProcess requeue = start("requeue", "--all")) {
      other.setAutoCommit(false);
      s.execute(
          "update outbox.message set state = 'failed', attempts = 1 where id ="
              + " (select id from outbox.message order by id offset 1500 limit 1)");
      Await.until("the first thousand", () -> outbox.count(pending) == 1000);
      Await.until("the second one waits", () -> outbox.count(WAITING) == 1);
      requeue.signal("INT");
      other.rollback();
      assertEquals(ExitCode.FINDINGS, requeue.awaitExit(), requeue.output());
      long done = outbox.count(pending);
      assertTrue(done >= 2000 && done < MANY && done % 1000 == 0, done + requeue.output());
      String told =
          "stopped: " + done + " of " + MANY + " requeued; the same command again goes on";
      assertTrue(requeue.output().contains(told), requeue.output());
    }
  }

  /** It rests for an hour after its first step. */
  @Test
  void backfill_atCtrlC_endsAtOnceAndGoesOnWhereItWas() throws Exception {
    outbox.execute(
        "create table orders (id int primary key, filler char(1900) default '')",
        "insert into orders select generate_series(1, " + LARGE + ")",
        "select outbox.capture('orders', 'crm')");
    try (JavaProcess backfill = start("backfill", "orders", "crm", "--rest", "1h")) {
      Await.until(
          "a step",
          () -> outbox.count("select count(*) from outbox.message where op = 'read'") > 0);
      backfill.signal("INT");
      assertEquals(ExitCode.FINDINGS, backfill.awaitExit(), backfill.output());
      long done = outbox.count("select count(*) from outbox.message");
      assertTrue(done < LARGE, backfill.output());
      assertTrue(
          backfill.output().contains("stopped: " + done + " rows of public.orders"),
          backfill.output());
      CommandRun rest = outbox.run("backfill", "orders", "crm");
      assertEquals(LARGE - done + " rows of public.orders written for crm", rest.out().strip());
      assertEquals(LARGE, outbox.count("select count(distinct key) from outbox.message"));
    }
  }
}
