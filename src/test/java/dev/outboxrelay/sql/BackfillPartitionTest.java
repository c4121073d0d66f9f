// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A backfill of a partitioned table whose partitions and rows come and go meanwhile. */
final class BackfillPartitionTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute(
        "create table p (id int, r int, v text, primary key (id, r)) partition by list (r)",
        "create table p1 partition of p for values in (1)",
        "create table p2 partition of p for values in (2)",
        "insert into p select i, 1 + i % 2, repeat('x', 200) from generate_series(1, 2000) i",
        "select outbox.capture('p', 'crm', key => '{id}')");
  }

  @Test
  void partitionDetachedBetweenSteps_isReadNoFurther() throws SQLException {
    outbox.execute("select outbox_internal.backfill_start('p', 'crm', null)");
    // Its rows are another table's now, and so is what becomes of them.
    outbox.execute(
        "alter table p detach partition p2",
        "update p2 set v = 'stranger'",
        "create table p2_new partition of p for values in (2)",
        "insert into p values (2001, 2, 'new')",
        "call outbox.backfill_in_steps('p', 'crm')");
    assertEquals(
        List.of("1000 0"),
        outbox.query(
            "select concat_ws(' ', count(*) filter (where (new_row ->> 'r') = '1'),"
                + " count(*) filter (where (new_row ->> 'r') = '2')) from outbox.message where op = 'read'"));
    assertEquals(0, outbox.count("select count(*) from outbox.backfill_progress"));
  }

  /** PostgreSQL fails whoever locks a row that has just moved; a backfill goes round it. */
  @Test
  @Timeout(60)
  void rowThatMovesBetweenTheLookAndItsLock_failsNothing() throws Exception {
    // The look stops at row 2 until the mover lets it go on; rows 100 and 102 come after it.
    String condition = "id <> 2 or pg_catalog.pg_advisory_xact_lock_shared(99)::text is not null";
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (Connection mover = outbox.connect();
        Connection holder = outbox.connect()) {
      Outbox.run(holder, "begin", "select from p where id = 104 for update");
      Outbox.run(mover, "select pg_advisory_lock(99)");
      Future<?> backfill =
          threads.submit(
              () -> {
                outbox.execute("call outbox.backfill_in_steps('p', 'crm', '" + condition + "')");
                return null;
              });
      Await.until(
          "the backfill looks",
          () ->
              outbox.count(
                      "select count(*) from pg_locks where locktype = 'advisory' and not granted")
                  == 1);
      Outbox.run(mover, "update p set r = 3 - r where id in (100, 102)");
      Outbox.run(mover, "select pg_advisory_unlock(99)");
      Outbox.run(holder, "rollback");
      backfill.get();
    } finally {
      threads.shutdownNow();
    }
    assertEquals(
        List.of(),
        outbox.query(
            "select concat_ws(' ', p.id, p.r, m.op, m.new_row) from p left join (select distinct on (key) *"
                + " from outbox.message order by key, id desc) m on m.key = p.id::text"
                + " where (m.new_row ->> 'r')::int is distinct from p.r limit 5"));
    assertEquals(
        List.of("delete 2", "insert 2"),
        outbox.query(
            "select op || ' ' || count(*) from outbox.message where op <> 'read' group by op order by 1"));
  }

  @Test
  void partitionWhoseRowsMoveSilently_isRefusedInSteps() throws SQLException {
    outbox.execute("select outbox.capture('p', 'crm', operations => '{update}')");
    for (String table : List.of("p", "p1")) {
      String refusal =
          outbox.refuses(
              "55000", "select outbox_internal.backfill_start('" + table + "', 'crm', null)");
      assertTrue(refusal.contains("with inserts and deletes too"), refusal);
    }
  }
}
