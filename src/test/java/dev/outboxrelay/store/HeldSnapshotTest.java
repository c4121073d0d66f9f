// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.store.DestinationStore.Marked;
import dev.outboxrelay.store.MessageStore.Purged;
import dev.outboxrelay.store.MessageStore.Span;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Gate;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the statements that run all the time look at, while another session's snapshot keeps every
 * row that was delivered: none may walk over these, whatever the planner believes about the table.
 */
final class HeldSnapshotTest {
  /** When the table was analysed last. */
  enum Analyzed {
    NEVER,
    EMPTY,
    FULL,
    /** Full of dead rows alone: its indexes are large, and believed to be empty. */
    DELIVERED
  }

  private static final Encoding ID = new Encoding(1, c -> new byte[0]);
  private static final Limits LIMITS = new Limits(100, 1 << 20, 1 << 20);

  /** Of a walk over a few live rows, a few blocks each. */
  private static final long FEW = 120;

  /** By people, in sessions that believe what they like. */
  private static final List<String> BY_HAND =
      List.of(
          "select * from outbox.status where destination = 'other'",
          "select outbox.requeue_failed('out')",
          "select outbox.discard_failed('out')",
          "select outbox.requeue_failed(up_to => 2)",
          "select * from outbox.failed");

  @ParameterizedTest
  @EnumSource(Analyzed.class)
  void statements_deadRowsKept_lookAtAFewBlocks(Analyzed analyzed) throws Exception {
    assertEquals(List.of(), expensive(analyzed, 20_000));
  }

  @Tag("full")
  @ParameterizedTest
  @EnumSource(Analyzed.class)
  void statements_millionsOfDeadRowsKept_lookAtAFewBlocks(Analyzed analyzed) throws Exception {
    assertEquals(List.of(), expensive(analyzed, 2_000_000));
  }

  private static List<String> expensive(Analyzed analyzed, int dead) throws Exception {
    try (TestDatabase db = TestDatabase.create();
        Connection reader = db.connect();
        Connection writer = db.connect()) {
      db.execute(
          "alter table outbox.pending set (autovacuum_enabled = off)",
          "alter table outbox.parked set (autovacuum_enabled = off)",
          "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1'), ('other', 'tcp://h:1')",
          "insert into outbox.destination_state (destination, epoch) values ('out', 1)");
      if (analyzed == Analyzed.EMPTY) {
        db.execute("analyze outbox.pending, outbox.parked");
      }
      hold(reader);
      deliver(db, analyzed, dead);
      return expensive(db, writer);
    }
  }

  @Test
  void purge_ofWhatIsKept_goesOnWhereItHasBeen() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        Connection reader = db.connect()) {
      db.execute(
          "alter table outbox.parked set (autovacuum_enabled = off)",
          "insert into outbox.destination (name, uri, keep_delivered) values ('out', 'tcp://h:1', '1 day')",
          "insert into outbox.message (destination, op, state, delivered_at)"
              + " select 'out', 'message', 'delivered', now() - g * interval '1 minute'"
              + " from generate_series(1, 20000) g");
      hold(reader);
      try (CountedSession session = CountedSession.open(db)) {
        Purged purged = session.messages().purge(50_000, Map.of());
        assertEquals(20_000 - 24 * 60 + 1, purged.rows());
        session.commit();
        long again = session.blocks(() -> session.messages().purge(100, Map.of()));
        long further = session.blocks(() -> session.messages().purge(100, purged.upTo()));
        assertTrue(again > FEW && further < FEW, again + " blocks, and " + further);
      }
    }
  }

  private static void hold(Connection reader) throws SQLException {
    reader.setAutoCommit(false);
    reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    try (Statement s = reader.createStatement()) {
      s.execute("select count(*) from outbox.destination");
    }
  }

  private static void deliver(TestDatabase db, Analyzed analyzed, int dead) throws SQLException {
    db.execute(
        "insert into outbox.pending (destination, op, key, new_row)"
            + " select d.number, 'm', g % 100, '{}' from outbox.destination d, generate_series(1, "
            + dead
            + ") g where d.name = 'out'");
    if (analyzed == Analyzed.FULL) {
      db.execute("analyze outbox.pending, outbox.parked");
    }
    db.execute("delete from outbox.pending");
    if (analyzed == Analyzed.DELIVERED) {
      db.execute("analyze outbox.pending, outbox.parked");
    }
    db.execute(
        "insert into outbox.message (destination, op, key, new_row)"
            + " select case g % 2 when 0 then 'out' else 'other' end, 'message', g % 10, '{}'"
            + " from generate_series(1, 20) g",
        "insert into outbox.message (destination, op, source_schema, source_table, key, state, due_at)"
            + " select 'out', 'insert', case g % 2 when 0 then 'public' end,"
            + " case g % 2 when 0 then 't' end, 'k', (array['retry', 'held', 'failed'])[1 + g / 2 % 3],"
            + " case when g / 2 % 3 = 0 then now() end from generate_series(1, 12) g",
        "insert into outbox.message (destination, op, state, delivered_at)"
            + " values ('out', 'message', 'delivered', now())");
  }

  private static List<String> expensive(TestDatabase db, Connection writer) throws Exception {
    writer.setAutoCommit(false);
    try (CountedSession session = CountedSession.open(db);
        CountedSession person = CountedSession.plain(db);
        Statement unfinished = writer.createStatement()) {
      // So that the snapshot has a transaction under way in it.
      unfinished.execute(
          "insert into outbox.message (destination, op, new_row) values ('out', 'message', '{}')");
      List<String> expensive = new ArrayList<>();
      calls(session, db).forEach((name, call) -> look(name, session, call, expensive));
      for (String sql : BY_HAND) {
        look(sql, person, () -> person.execute(sql), expensive);
      }
      return expensive;
    }
  }

  private static void look(
      String name, CountedSession session, CountedSession.Call call, List<String> expensive) {
    try {
      session.blocks(call); // the first call reads the catalog, and sets hint bits
      long blocks = session.blocks(call);
      if (blocks > FEW) {
        expensive.add(name + ": " + blocks);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(name, e);
    }
  }

  private static Map<String, CountedSession.Call> calls(CountedSession session, TestDatabase db)
      throws SQLException {
    MessageStore store = session.messages();
    DestinationStore destinations = session.destinations();
    long last = db.count("select max(id) from outbox.message");
    long first = last - 33;
    long second = first + 1;
    MessageStore.Refused refused =
        new MessageStore.Refused(
            second,
            db.count(
                "select xid from (select id, xid from outbox.pending union all"
                    + " select id, xid from outbox.parked) m where id = "
                    + second));
    List<Long> ids = List.of(first + 1, first + 3, last, last + 100);
    List<Span> spans = List.of(new Span("out", first, last), new Span("other", first, last));
    List<String> names = List.of("out", "other");
    String now = store.snapshot();
    Gate gate =
        new Gate((int) db.count("select number from outbox.source where table_name = 't'"), "k");
    Gate published = new Gate(0, "k");
    return new java.util.TreeMap<>(
        Map.ofEntries(
            Map.entry("tail", () -> store.tail(Map.of("out", ID, "other", ID), now, LIMITS)),
            Map.entry("first ids", () -> store.firstIds(names, now, store.snapshot())),
            Map.entry("page", () -> store.page("out", first, null, now, LIMITS, ID)),
            Map.entry(
                "page, wide rows",
                () -> store.page("out", first, null, now, new Limits(100, 100, 1 << 20), ID)),
            Map.entry("window", () -> store.page("out", first, now, now, LIMITS, ID)),
            Map.entry("due", () -> store.due("out", false, Set.of(1L), LIMITS, ID)),
            Map.entry("next due", () -> store.nextDueMillis(names)),
            Map.entry("requeued", () -> store.requeued("out", ids, LIMITS, ID)),
            Map.entry("held", () -> store.held("out", gate, LIMITS, ID)),
            Map.entry("held, published", () -> store.held("out", published, LIMITS, ID)),
            Map.entry("parked", () -> store.parked("out", true, 100)),
            Map.entry("refused truncate", () -> store.refusedTruncates("out")),
            Map.entry("standing", () -> store.standing("out", ids, true)),
            Map.entry("fates", () -> store.fates("out", ids)),
            Map.entry("complete", () -> store.complete(Map.of("out", ids), Map.of())),
            Map.entry("keep", () -> store.complete(Map.of("out", ids), Map.of("out", Set.of(1L)))),
            Map.entry(
                "complete several",
                () -> store.complete(Map.of("out", ids, "other", ids), Map.of())),
            Map.entry("retry", () -> store.retry("out", 1, refused, 1, 1000, "no")),
            Map.entry("fail", () -> store.fail("out", 1, refused, 1, "no")),
            Map.entry("hold", () -> store.hold("out", 1, ids)),
            Map.entry("purge", () -> store.purge(100, Map.of())),
            Map.entry("owed", () -> store.owed(names, spans, now, store.snapshot(), "", 0, 100)),
            Map.entry("arrived", () -> store.arrived(Map.of("out", last, "other", last), now, 100)),
            Map.entry("in blocks", () -> store.inBlocks(0, 100, spans, now, 100)),
            Map.entry(
                "marks",
                () ->
                    destinations.mark(
                        List.of(new Marked("out", 1, new Mark(now, first, List.of(1L)))))),
            Map.entry("take-over", () -> destinations.takeOver("out", "test"))));
  }
}
