// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A backfill sends every row there is, whatever happens to the table meanwhile. */
final class BackfillTest {
  private static final String STEP = "select outbox_internal.backfill_step('t', 'crm')";

  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeAll
  static void create() throws SQLException {
    outbox.execute(
        "do $$ begin"
            + " if to_regrole('sec_app') is null then create role sec_app login password 'secret'; end if;"
            + " if to_regrole('sec_operator') is null then create role sec_operator login password 'secret' in role outbox_operator; end if;"
            + " end $$");
  }

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute(
        "create table t (id int primary key, v int)", "select outbox.capture('t', 'crm')");
  }

  /** A table of some blocks, captured, and nothing sent of it. */
  private static void table(int rows, String captured) throws SQLException {
    outbox.execute(
        "drop table t",
        "create table t (id int primary key, shown int, hidden text)",
        "insert into t select i, 0, repeat('x', 900) from generate_series(1, " + rows + ") i",
        "select outbox.capture('t', 'crm'" + captured + ")");
  }

  private static void start() throws SQLException {
    outbox.execute("select outbox_internal.backfill_start('t', 'crm', null)");
  }

  private static void finish() throws SQLException {
    for (int steps = 0; !outbox.query(STEP).equals(java.util.Collections.singletonList(null)); ) {
      assertTrue(++steps < 1000, "no end");
    }
  }

  /** Rows that the receiver has not, or has otherwise. */
  private static List<String> differences() throws SQLException {
    return outbox.query(
        "select concat_ws(' ', id, m.op, m.shown, t.shown) from (select distinct on (key) key::int as id, op,"
            + " (new_row ->> 'shown')::int as shown from outbox.message n order by key, n.id desc) m full join t using (id)"
            + " where (m.op = 'delete') <> (t.id is null) or m.shown is distinct from t.shown or m.op is null limit 5");
  }

  @Test
  @Timeout(120)
  void backfill_whileTheTableIsWritten_endsAsTheTableDoes() throws Exception {
    outbox.execute(
        "select outbox.release('t')",
        "insert into t select i, 0 from generate_series(1, 20000) i",
        "select outbox.capture('t', 'crm')");
    ExecutorService threads = Executors.newFixedThreadPool(4);
    AtomicBoolean done = new AtomicBoolean();
    try {
      List<Future<?>> work = new ArrayList<>();
      for (int w = 0; w < 4; w++) {
        work.add(
            threads.submit(
                () -> {
                  ThreadLocalRandom random = ThreadLocalRandom.current();
                  try (Connection c = outbox.connect()) {
                    c.setAutoCommit(false);
                    while (!done.get()) {
                      int id = random.nextInt(1, 20000);
                      String[] change = {
                        "update t set v = v + 1 where id between " + id + " and " + (id + 5),
                        "delete from t where id = " + id,
                        "insert into t values (" + id + ", -1) on conflict do nothing",
                        "update t set v = v + 1 where id = " + id,
                        "select * from t where id = " + id + " for update"
                      };
                      Outbox.run(c, change[random.nextInt(change.length)]);
                      if (random.nextInt(4) == 0) {
                        c.rollback();
                      } else {
                        c.commit();
                      }
                    }
                  }
                  return null;
                }));
      }
      outbox.execute("call outbox.backfill_in_steps('t', 'crm')");
      done.set(true);
      for (Future<?> f : work) {
        try {
          f.get();
        } catch (java.util.concurrent.ExecutionException e) {
          // Two writers may meet in opposite order: theirs, not ours.
          assertTrue(String.valueOf(e.getMessage()).contains("deadlock"), String.valueOf(e));
        }
      }
    } finally {
      done.set(true);
      threads.shutdownNow();
    }
    // The last message of each key is its row in the table, or the delete of one that is gone.
    assertEquals(
        List.of(),
        outbox.query(
            "select concat_ws(' ', id, m.op, m.v, t.v) from (select distinct on (key) key::int as id, op, (new_row ->> 'v')::int as v"
                + " from outbox.message n order by key, n.id desc) m full join t using (id)"
                + " where (m.op = 'delete') <> (t.id is null) or m.v is distinct from t.v or m.op is null"));
    assertEquals(0, outbox.count("select count(*) from outbox.backfill_progress"));
  }

  @Test
  void backfill_withRowsLockedByOthers_waitsForNoneAndGoesOnLater() throws SQLException {
    outbox.execute("insert into t select generate_series(1, 100)", "delete from outbox.message");
    try (Connection other = outbox.connect()) {
      other.setAutoCommit(false);
      Outbox.run(other, "select * from t where id = 50 for update");
      String refused =
          outbox.refuses("55P03", "call outbox.backfill_in_steps('t', 'crm', patience => '50 ms')");
      assertTrue(refused.contains("locked by other"), refused);
      assertEquals(99, outbox.count("select count(*) from outbox.message"));
      other.rollback();
    }
    outbox.execute("call outbox.backfill_in_steps('t', 'crm')");
    assertEquals(
        100, outbox.count("select count(distinct key) from outbox.message where op = 'read'"));
    assertEquals(100, outbox.count("select count(*) from outbox.message"));
  }

  @Test
  void backfill_withChosenColumnsAndCondition_writesWhatCaptureWould() throws SQLException {
    outbox.execute(
        "create table p (id int, secret text, primary key (id)) partition by range (id)",
        "create table p1 partition of p for values from (0) to (10)",
        "create table p2 partition of p for values from (10) to (20)",
        "insert into p values (1, 'hush'), (2, 'hush'), (11, 'hush')",
        "select outbox.capture('p', 'crm', except_columns => '{secret}')");
    assertEquals(2, outbox.count("select outbox.backfill('p', 'crm', 'id <> 2')"));
    assertEquals(
        List.of("p read 1 {\"id\":1}", "p read 11 {\"id\":11}"),
        outbox.query(
            "select concat_ws(' ', source_table, op, key, new_row) from outbox.message order by id"));
  }

  @Test
  void progress_isReadOnlyForTheOperator() throws SQLException {
    table(100, "");
    start();
    try (Connection c = outbox.connectAs("sec_operator")) {
      Outbox.run(c, "select * from outbox.backfill_progress");
      for (String attempt :
          List.of(
              "update outbox.backfill_progress set condition = 'public.evil()'",
              "insert into outbox.backfill_progress select * from outbox.backfill_progress",
              "delete from outbox.backfill_progress",
              "select outbox.backfill('t', 'crm')",
              "select outbox_internal.backfill_start('t', 'crm', 'public.evil()')",
              STEP,
              "call outbox.backfill_in_steps('t', 'crm')")) {
        Outbox.refuses(c, "42501", attempt);
      }
    }
    finish();
    assertEquals(List.of(), differences());
  }

  /** The table's owner may change it at any time; his cast would run as whoever backfills. */
  @Test
  void castOfTheTablesOwner_isNotRun() throws SQLException {
    table(2000, "");
    outbox.execute(
        "create schema app authorization sec_app",
        "create table proof (who text)",
        "grant all on proof to sec_app",
        "alter table t owner to sec_app");
    start();
    outbox.execute(STEP);
    try (Connection app = outbox.connectAs("sec_app")) {
      Outbox.run(
          app,
          "create type app.bomb as (x int)",
          "create function app.explode(app.bomb) returns json language plpgsql as $$ begin"
              + " insert into public.proof values (current_user); return '{}'; end $$",
          "create cast (app.bomb as json) with function app.explode(app.bomb)",
          "alter table t add column b app.bomb default row(1)");
    }
    for (String attempt :
        List.of(
            STEP,
            "call outbox.backfill_in_steps('t', 'crm')",
            "select outbox.backfill('t', 'crm')")) {
      String refused = outbox.refuses("42501", attempt);
      assertTrue(refused.contains("cast to json"), refused);
    }
    outbox.refuses("42501", "select outbox_internal.backfill_start('t', 'crm', null)");
    assertEquals(0, outbox.count("select count(*) from proof"));
    outbox.execute("drop table t", "drop schema app cascade");
  }

  @Test
  void tableRewrittenBetweenSteps_isReadAgain() throws SQLException {
    table(4000, "");
    outbox.execute("delete from t where id <= 1000", "delete from outbox.message");
    start();
    outbox.execute(STEP, "vacuum full t");
    finish();
    assertEquals(List.of(), differences());
  }

  @Test
  void captureThatMaySendNothing_isRefusedInSteps() throws SQLException {
    for (String captured :
        List.of(
            ", columns => '{id,shown}', skip_unchanged => true",
            ", condition => 'new.shown > 0 or old.shown > 0'",
            ", operations => '{insert,delete}'",
            ", fires => 'replica'")) {
      table(100, captured);
      for (String attempt :
          List.of(
              "select outbox_internal.backfill_start('t', 'crm', null)",
              "call outbox.backfill_in_steps('t', 'crm')")) {
        String refused = outbox.refuses("55000", attempt);
        assertTrue(
            refused.contains("without a message") && refused.contains("outbox.backfill("), refused);
      }
    }
    table(100, ", condition => 'true'");
    outbox.execute("call outbox.backfill_in_steps('t', 'crm')");
    assertEquals(List.of(), differences());
  }

  /** A row that moves to a partition which has been read already would go as a delete alone. */
  @Test
  void partitionedTableWithoutInserts_isRefusedInSteps() throws SQLException {
    outbox.execute(
        "create table moving (id int, p int, primary key (id, p)) partition by list (p)",
        "create table moving_1 partition of moving for values in (1)");
    for (String operations : List.of("{update,delete}", "{insert,update}")) {
      outbox.execute(
          "select outbox.capture('moving', 'crm', key => '{id}', operations => '"
              + operations
              + "')");
      String refused = outbox.refuses("55000", "call outbox.backfill_in_steps('moving', 'crm')");
      assertTrue(refused.contains("inserts and deletes"), refused);
    }
    outbox.execute("drop table moving");
  }

  @Test
  void captureMadeToSendNothingBetweenSteps_isRefused() throws SQLException {
    table(2000, "");
    start();
    outbox.execute(STEP, "select outbox.capture('t', 'crm', skip_unchanged => true)");
    outbox.refuses("55000", STEP);
    outbox.execute("select outbox.capture('t', 'crm')");
    finish();
    assertEquals(List.of(), differences());
  }

  @Test
  void captureThatMaySendNothing_isBackfilledAtOnceWithWritersWaiting() throws SQLException {
    table(2000, ", columns => '{id,shown}', skip_unchanged => true");
    String silent = "update t set hidden = 'y' || hidden where id between 1500 and 1600";
    try (Connection c = outbox.connect();
        Connection writer = outbox.connect()) {
      c.setAutoCommit(false);
      assertEquals(List.of("2000"), Outbox.column(c, "select outbox.backfill('t', 'crm')"));
      Outbox.run(writer, "set lock_timeout = '20ms'");
      Outbox.refuses(writer, "55P03", "update t set hidden = 'y' where id = 2000");
      Outbox.refuses(writer, "55P03", "insert into t values (2001)");
      c.commit();
      Outbox.run(writer, silent);
    }
    assertEquals(List.of(), differences());
  }

  @Test
  void tableReleasedAndCapturedAgainBetweenSteps_isReadAgain() throws SQLException {
    table(4000, "");
    start();
    outbox.execute(
        STEP,
        "select outbox.release('t')",
        "update t set shown = 7 where id = 1",
        "select outbox.capture('t', 'crm')");
    finish();
    assertEquals(List.of(), differences());
  }

  @Test
  void tableReleasedAndCapturedAgain_isReadAgainByTheNextBackfill() throws SQLException {
    table(4000, "");
    start();
    outbox.execute(STEP, "select outbox.release('t')", "update t set shown = 7 where id = 1");
    assertTrue(outbox.refuses("55000", STEP).contains("not captured"));
    outbox.execute(
        "select outbox.capture('t', 'crm')", "call outbox.backfill_in_steps('t', 'crm')");
    assertEquals(List.of(), differences());
  }

  @Test
  void partitionDroppedBetweenSteps_isLeftOut() throws SQLException {
    outbox.execute(
        "drop table t",
        "create table t (id int primary key, shown int) partition by range (id)",
        "create table t1 partition of t for values from (0) to (10)",
        "create table t2 partition of t for values from (10) to (20)",
        "insert into t values (1), (11)",
        "select outbox.capture('t', 'crm')");
    start();
    outbox.execute("drop table t1");
    finish();
    assertEquals(List.of("read 11"), outbox.changes());
  }

  @Test
  void recordsOfDroppedTables_areNotInTheWay() throws SQLException {
    table(2000, "");
    start();
    outbox.execute(STEP);
    table(10, "");
    outbox.execute("delete from outbox.message", "call outbox.backfill_in_steps('t', 'crm')");
    assertEquals(List.of(), differences());
    assertEquals(0, outbox.count("select count(*) from outbox.backfill_progress"));
  }

  @Test
  void conditionThatIsNone_isRefusedWithItsTextAndTheReason() throws SQLException {
    table(3, "");
    for (String[] wrong :
        new String[][] {
          {"nope = 1", "nope"},
          {"id", "boolean"},
          {"id = 1) or (true", "syntax error"},
          {"true for update", "syntax error"},
          {"true then true end) or (case when true", "syntax error"},
        }) {
      for (String call :
          List.of(
              "select outbox.backfill('t', 'crm', '%s')",
              "call outbox.backfill_in_steps('t', 'crm', '%s')")) {
        String refused = outbox.refuses("22023", call.formatted(wrong[0]));
        assertTrue(refused.contains("'" + wrong[0] + "'") && refused.contains(wrong[1]), refused);
      }
    }
    outbox.execute("select outbox.backfill('t', 'crm', 'id = 2 -- the second')");
    assertEquals(List.of("2"), outbox.query("select key from outbox.message where op = 'read'"));
  }

  /** Whoever is at work would take the end of the other backfill for that of his own. */
  @Test
  void backfillWithAnotherCondition_beforeTheFirstHasEnded_isRefused() throws SQLException {
    table(2000, "");
    start();
    outbox.query(STEP);
    for (String other :
        List.of(
            "select outbox_internal.backfill_start('t', 'crm', 'id < 5')",
            "select outbox.backfill('t', 'crm', 'id < 5')")) {
      String refusal = outbox.refuses("55006", other);
      assertTrue(refusal.contains("condition null has not ended"), refusal);
      assertTrue(refusal.contains("delete from outbox.backfill_progress"), refusal);
    }
    finish();
    assertEquals(2000, outbox.count("select count(*) from outbox.message where op = 'read'"));
    outbox.execute("select outbox.backfill('t', 'crm', 'id < 5')");
    assertEquals(2004, outbox.count("select count(*) from outbox.message where op = 'read'"));
  }
}
