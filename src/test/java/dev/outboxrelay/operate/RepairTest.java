// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.operate.Repair.Outcome;
import dev.outboxrelay.store.Login;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many messages at once: in steps, and with others at work meanwhile. */
final class RepairTest {
  private static final String OPEN =
      "select count(*) from pg_stat_activity where application_name = 'outbox-relay test'"
          + " and datname = current_database() and xact_start is not null";

  private TestDatabase db;
  private Session session;

  @BeforeEach
  void open() throws SQLException {
    db = TestDatabase.create();
    db.execute("insert into outbox.destination (name, uri) values ('crm', 'tcp://localhost:1')");
    session = Session.open(Login.of(db.url(), db.user(), db.password()), "test");
  }

  @AfterEach
  void close() throws SQLException {
    session.close();
    db.close();
  }

  private void failed(int count) throws SQLException {
    db.execute(
        "insert into outbox.message (destination, op, key, state)"
            + " select 'crm', 'message', g, 'failed' from generate_series(1, "
            + count
            + ") g");
  }

  private boolean noTransactionIsOpen() {
    try {
      assertEquals(0, db.count(OPEN), "open transactions between two steps");
      return true;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(Action.class)
  void messages_ofManySteps_areChangedAThousandATransaction(Action action) throws Exception {
    failed(2500);
    List<Long> looked = new ArrayList<>();
    Outcome outcome =
        new Repair(session, action)
            .all(
                Selection.ALL,
                (seen, done, matching) -> {
                  assertEquals(2500, matching);
                  looked.add(seen);
                  return noTransactionIsOpen();
                });
    assertEquals(new Outcome(2500, 2500, true), outcome);
    assertEquals(List.of(0L, 1000L, 2000L, 2500L), looked);
    assertEquals(0, db.count("select count(*) from outbox.failed"));
  }

  /** Whatever the planner believes: before PostgreSQL 17 it may walk over a list's destination. */
  @ParameterizedTest
  @EnumSource(Action.class)
  void messages_besideDeadRowsThatASnapshotKeeps_areFoundByAFewBlocks(Action action)
      throws Exception {
    db.execute("alter table outbox.parked set (autovacuum_enabled = off)", "analyze outbox.parked");
    try (Connection reader = db.connect();
        Statement snapshot = reader.createStatement()) {
      reader.setAutoCommit(false);
      snapshot.execute("set transaction isolation level repeatable read; select 1");
      failed(30_000);
      db.execute("delete from outbox.message");
      failed(5);
      List<Long> ids = new ArrayList<>();
      db.query("select id from outbox.failed").forEach(id -> ids.add(Long.valueOf(id)));
      long looked =
          session.together(
              () -> {
                long before = blocks();
                assertEquals(5, new Repair(session, action).these("crm", ids));
                return blocks() - before;
              });
      assertTrue(looked < 200, looked + " blocks of parked messages and their indexes");
    }
  }

  /** What is done to each alone is done a million times. */
  @ParameterizedTest
  @EnumSource(Action.class)
  void messages_ofAStep_areNotTakenOneByOne(Action action) throws Exception {
    failed(1000);
    List<Long> ids = new ArrayList<>();
    db.query("select id from outbox.failed").forEach(id -> ids.add(Long.valueOf(id)));
    session.execute("set track_functions = 'all'");
    long calls =
        session.together(
            () -> {
              assertEquals(1000, new Repair(session, action).these("crm", ids));
              return session
                  .one(
                      "select coalesce(sum(calls), 0)::bigint as n from pg_stat_xact_user_functions")
                  .number("n");
            });
    assertTrue(calls < 10, calls + " calls of functions");
  }

  /** A list that fails in its middle has done nothing: nobody must find out what it has. */
  @ParameterizedTest
  @EnumSource(Action.class)
  void messages_namedOfWhichOneCannotBe_areAllLeftAlone(Action action) throws Exception {
    failed(3);
    db.execute(
        "insert into outbox.destination (name, uri) values ('web', 'tcp://localhost:2')",
        "insert into outbox.parked (id, xid, created_at, destination, source, op, state)"
            + " select (select max(id) from outbox.parked), pg_current_xact_id(), now(), d.number,"
            + " 0, 'm', 'failed' from outbox.destination d where d.name = 'web'");
    List<MessageName> names = new ArrayList<>();
    db.query("select distinct id from outbox.failed order by id")
        .forEach(id -> names.add(MessageName.of(id)));
    Repair repair = new Repair(session, action);
    SQLException twice = assertThrows(SQLException.class, () -> repair.named(names));
    assertEquals("21000", twice.getSQLState());
    assertEquals(4, db.count("select count(*) from outbox.failed"));
    assertEquals(
        List.of(names.get(0).text(), names.get(1).text()),
        repair.named(List.of(names.get(0), MessageName.of("999999"), names.get(1))));
    assertEquals(2, db.count("select count(*) from outbox.failed"));
  }

  /** Looked at by this transaction. */
  private long blocks() throws SQLException {
    return session
        .one(
            "select sum(pg_stat_get_xact_blocks_fetched(c.oid))::bigint as blocks from pg_class c"
                + " left join pg_index i on i.indexrelid = c.oid"
                + " where 'outbox.parked'::regclass in (c.oid, i.indrelid)")
        .number("blocks");
  }

  /** What is owed again must not be given up, and what fails now was not meant. */
  @Test
  void messages_thatOthersChangeMeanwhile_areLeftAlone() throws Exception {
    failed(1500);
    long first = db.count("select min(id) from outbox.message");
    long last = db.count("select max(id) from outbox.message");
    Outcome outcome =
        new Repair(session, Action.DISCARD)
            .all(
                Selection.ALL,
                (seen, done, matching) -> {
                  if (seen == 0) {
                    whileItRuns(
                        "select outbox.requeue(" + first + ")",
                        "select outbox.discard(" + last + ")",
                        "insert into outbox.message (destination, op, state)"
                            + " values ('crm', 'message', 'failed')");
                  }
                  return true;
                });
    assertEquals(new Outcome(1500, 1498, true), outcome);
    assertEquals(
        List.of(first + " pending", last + 1 + " failed"),
        db.query("select id || ' ' || state from outbox.message order by id"));
  }

  private void whileItRuns(String... statements) {
    try {
      db.execute(statements);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void messages_afterAStop_areLeftForTheNextRun() throws Exception {
    failed(2500);
    Repair repair = new Repair(session, Action.REQUEUE);
    Outcome stopped = repair.all(Selection.ALL, (seen, done, matching) -> seen < 1000);
    assertEquals(new Outcome(2500, 1000, false), stopped);
    assertEquals(
        1000,
        db.count("select max(key::int) from outbox.message where state = 'pending'"),
        "the oldest first");
    assertEquals(new Outcome(1500, 1500, true), repair.all(Selection.ALL, (s, d, m) -> true));
  }

  /** Bounded steps, bounded memory: this process keeps none of the ids that it has done. */
  @Tag("full")
  @ParameterizedTest
  @EnumSource(Action.class)
  void messages_aMillion_areChangedWithoutALongTransaction(Action action) throws Exception {
    // Past the view, whose trigger takes them one by one.
    db.execute(
        "insert into outbox.parked (id, xid, created_at, destination, source, op, key, state)"
            + " select nextval('outbox.pending_id_seq'), pg_current_xact_id(), now(), d.number, 0,"
            + " 'm', g, 'failed' from outbox.destination d, generate_series(1, 1000000) g");
    long[] steps = {0};
    Outcome outcome =
        new Repair(session, action)
            .all(
                Selection.ALL,
                (seen, done, matching) -> {
                  steps[0]++;
                  assertEquals(seen, done, "each is changed in its step");
                  return steps[0] % 100 != 0 || noTransactionIsOpen();
                });
    assertEquals(new Outcome(1_000_000, 1_000_000, true), outcome);
    assertEquals(1_001, steps[0]);
    assertEquals(0, db.count("select count(*) from outbox.failed"));
  }
}
