// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The sequence of message ids: it never gives out an id that a row has. */
final class SequenceTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  private static final String PUBLISH = "select outbox.publish('crm', '{}')";

  /** As a subscriber is left, which gets rows and no sequences. */
  private static final String SET_BACK =
      "select setval(outbox_internal.id_sequence(), min(id)) from outbox.message";

  private static long last() throws SQLException {
    return outbox.count("select pg_sequence_last_value(outbox_internal.id_sequence())");
  }

  @Test
  void sequence_behindTheRows_isFoundAndMendedUpwardOnly() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}') from generate_series(1, 20)");
    long reached = last();
    assertEquals(List.of("t"), outbox.query("select outbox.mend_ids() is null"));
    assertEquals(reached, last());
    outbox.execute(SET_BACK);
    assertThrows(SQLException.class, () -> outbox.execute(PUBLISH, PUBLISH, PUBLISH));
    outbox.execute(SET_BACK);
    assertEquals(
        List.of("error ids behind select outbox.mend_ids();"),
        outbox.query(
            "select severity || ' ' || check_name || ' ' || remedy from outbox.doctor()"
                + " where check_name = 'ids behind'"));
    outbox.execute("select outbox.mend_ids()");
    assertTrue(last() > reached);
    outbox.execute(PUBLISH);
    assertEquals(List.of("t"), outbox.query("select outbox.mend_ids() is null"));
    assertEquals(List.of(), outbox.query("select finding from outbox.doctor()"));
  }

  @Test
  void truncateRestartIdentity_givesNoIdOutAgain() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}') from generate_series(1, 20)");
    long reached = last();
    outbox.execute("truncate outbox.pending restart identity", PUBLISH);
    assertEquals(reached + 1, last());
    outbox.execute("truncate outbox.pending", PUBLISH);
    assertEquals(reached + 2, last());
    try (Connection c = outbox.connect()) {
      c.setAutoCommit(false);
      Outbox.run(c, "truncate outbox.pending restart identity", PUBLISH);
      c.rollback();
    }
    outbox.execute(PUBLISH);
    assertTrue(last() > reached + 2);
  }

  /** Rows that are newer than the look at the sequence are not taken for a sequence behind. */
  @Test
  void mend_besideWriters_neverFailsOneAndNeverFindsAnything() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    ExecutorService writers = Executors.newFixedThreadPool(4);
    try {
      List<Future<Integer>> writing = new ArrayList<>();
      for (int each = 0; each < 4; each++) {
        writing.add(writers.submit(() -> write(stop)));
      }
      for (int round = 0; round < 300; round++) {
        assertEquals(List.of("t"), outbox.query("select outbox.mend_ids() is null"));
      }
      stop.set(true);
      for (Future<Integer> each : writing) {
        assertTrue(each.get() > 0);
      }
    } finally {
      stop.set(true);
      writers.shutdownNow();
    }
  }

  /** Once it is mended beside writers who fail, none of them fails any more. */
  @Test
  void mend_besideFailingWriters_endsTheFailures() throws Exception {
    for (int round = 0; round < 10; round++) {
      AtomicBoolean stop = new AtomicBoolean();
      outbox.execute(
          "delete from outbox.message",
          "select outbox.publish('crm', '{}') from generate_series(1, 2000)",
          SET_BACK);
      ExecutorService writers = Executors.newFixedThreadPool(4);
      try {
        List<Future<?>> failing = new ArrayList<>();
        for (int each = 0; each < 4; each++) {
          failing.add(writers.submit(() -> writeAnyhow(stop)));
        }
        outbox.query("select outbox.mend_ids()");
        outbox.execute(PUBLISH, PUBLISH, PUBLISH, PUBLISH, PUBLISH, PUBLISH, PUBLISH, PUBLISH);
        stop.set(true);
        for (Future<?> each : failing) {
          each.get();
        }
        assertEquals(List.of("t"), outbox.query("select outbox_internal.ids_behind() is null"));
      } finally {
        stop.set(true);
        writers.shutdownNow();
      }
    }
  }

  private static int write(AtomicBoolean stop) throws SQLException {
    int written = 0;
    try (Connection c = outbox.connect()) {
      while (!stop.get()) {
        Outbox.run(c, PUBLISH);
        written++;
      }
    }
    return written;
  }

  private static Void writeAnyhow(AtomicBoolean stop) throws SQLException {
    try (Connection c = outbox.connect()) {
      while (!stop.get()) {
        try {
          Outbox.run(c, PUBLISH);
        } catch (SQLException e) {
          assertEquals("23505", e.getSQLState());
        }
      }
    }
    return null;
  }
}
